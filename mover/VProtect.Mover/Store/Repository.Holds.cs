using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>
/// Forgetting and holding (FORMAT.md section 7, *Marks*). A hold and a collector's claim to remove a point contend for one key,
/// <c>holds/&lt;point id&gt;</c>, which is created conditionally: whoever comes first has its way, and the other learns it.
/// <code>
///                 forget            hold                         unforget                     collector
///  holds/x        absent? (1)(3)    create, else refuse (1)      create (1) … remove (4)      claim, else keep (1) … remove (4)
///  forgotten/x    create (2)        remove (3)                   remove (3)                   present? else give up (2), remove (3)
///  points/x                         present? else undo (2)       present? else undo (2)       remove (3)
/// </code>
/// </summary>
public sealed partial class Repository
{
    private const string HoldPrefix = "holds/";
    private const string ForgottenPrefix = "forgotten/";

    /// <summary>All restore points that are forgotten and not collected yet, by machine and sequence, with the time they were forgotten.</summary>
    /// <exception cref="IntegrityException">One is damaged; it is named.</exception>
    public async Task<IReadOnlyList<ForgottenPoint>> ListForgottenAsync(CancellationToken cancellationToken)
    {
        var points = new List<RestorePoint>();
        var times = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        foreach (string id in await ListMarksAsync(ForgottenPrefix, cancellationToken))
        {
            RestorePoint? point;
            try
            {
                point = await ReadPointAsync(id, cancellationToken);
            }
            catch (IntegrityException)
            {
                // Forgotten because it is damaged, most likely; collection removes it like the others.
                continue;
            }

            if (point is not null)
            {
                points.Add(point);
                times[id] = (await TryReadMarkAsync(EnvelopeKind.Forgotten, ForgottenPrefix + id, cancellationToken)).At;
            }
        }

        Sort(points);
        return [.. points.Select(point => new ForgottenPoint(point, times[point.Id]))];
    }

    /// <summary>Finds a forgotten restore point, as <see cref="FindPointAsync"/> finds the others.</summary>
    /// <param name="wanted">Id, prefix of at least 4 digits, or <c>latest</c>.</param>
    /// <param name="machine">Of this machine; null for any.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="VProtectException">None fits, or several do.</exception>
    public async Task<RestorePoint> FindForgottenAsync(string wanted, string? machine, CancellationToken cancellationToken) => Choose(
        [.. (await ListForgottenAsync(cancellationToken)).Select(forgotten => forgotten.Point)], wanted, machine, "forgotten restore point",
        "See 'vprotect list --forgotten'; what a collection has removed is gone.");

    /// <summary>The holds, by restore point. One that is damaged holds all the same: its time and reason are then unknown.</summary>
    public async Task<IReadOnlyDictionary<string, PointHold>> ListHoldsAsync(CancellationToken cancellationToken)
    {
        var holds = new Dictionary<string, PointHold>(StringComparer.Ordinal);
        foreach (string id in await ListMarksAsync(HoldPrefix, cancellationToken))
        {
            if (await ReadHoldAsync(id, cancellationToken) is { Kind: HoldKind.Hold } found)
            {
                holds[id] = new PointHold(id, found.At, found.Reason);
            }
        }

        return holds;
    }

    /// <summary>Keeps a restore point from being forgotten and collected until <see cref="ReleaseAsync"/>. A forgotten one is wanted again.</summary>
    /// <param name="point">Which.</param>
    /// <param name="reason">Why, for whoever wonders later; null for none.</param>
    /// <param name="cancellationToken">Ends the attempt; the hold may then be there or not.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.RestorePointHeld"/>: it is held already; the first reason stays.
    /// <see cref="ErrorCode.RestorePointNotFound"/>: a collection has removed it, or is about to; nothing was changed.
    /// </exception>
    public async Task HoldAsync(RestorePoint point, string? reason, CancellationToken cancellationToken)
    {
        if (!await TryHoldAsync(point.Id, reason, cancellationToken))
        {
            throw new VProtectException(
                ErrorCode.RestorePointHeld, ErrorSide.Request, $"Restore point {point.Id[..8]} is held already.",
                "Release it first to give another reason.");
        }

        await Store.DeleteAsync(ForgottenPrefix + point.Id, cancellationToken);
    }

    /// <summary>Takes a hold off. The restore point is wanted as before.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.InvalidArgument"/>: it is not held.</exception>
    public async Task ReleaseAsync(RestorePoint point, CancellationToken cancellationToken)
    {
        bool isHeld = (await ReadHoldAsync(point.Id, cancellationToken)).Kind == HoldKind.Hold;
        if (!isHeld || !await Store.DeleteAsync(HoldPrefix + point.Id, cancellationToken))
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"Restore point {point.Id[..8]} is not held.", "See 'vprotect list' for those that are.");
        }
    }

    /// <summary>Wants a forgotten restore point again, which is possible until a collection removes it. One that is not forgotten stays as it is.</summary>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.RestorePointNotFound"/>: a collection has removed it, or is about to; nothing was changed.
    /// </exception>
    public async Task UnforgetAsync(RestorePoint point, CancellationToken cancellationToken)
    {
        bool isOurs = await TryHoldAsync(point.Id, "being taken back", cancellationToken);
        await Store.DeleteAsync(ForgottenPrefix + point.Id, cancellationToken);
        if (isOurs)
        {
            await Store.DeleteAsync(HoldPrefix + point.Id, cancellationToken);
        }
    }

    /// <summary>Marks a restore point as no longer wanted; collection frees what only it needed. At once; undone by <see cref="UnforgetAsync"/>.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.RestorePointHeld"/>: it is held.</exception>
    public Task ForgetAsync(RestorePoint point, CancellationToken cancellationToken) => ForgetAsync(point.Id, cancellationToken);

    /// <summary>As above, by its whole id: also for one whose object is damaged, which else keeps collection from removing anything.</summary>
    /// <exception cref="VProtectException">It is held.</exception>
    public async Task ForgetAsync(string pointId, CancellationToken cancellationToken)
    {
        await RequireNotHeldAsync(pointId, cancellationToken);
        string mark = ForgottenPrefix + pointId;
        await PutMarkAsync(EnvelopeKind.Forgotten, mark, reason: null, cancellationToken);

        // A hold that came meanwhile may not have seen the mark.
        try
        {
            await RequireNotHeldAsync(pointId, cancellationToken);
        }
        catch (VProtectException e) when (e.Code == ErrorCode.RestorePointHeld)
        {
            await Store.DeleteAsync(mark, cancellationToken);
            throw;
        }
    }

    /// <summary>
    /// A collector's removal of a forgotten point that no lease pins: the claim, the point, the mark, the claim. Begun by one that died,
    /// it is finished by the next.
    /// </summary>
    /// <returns>Whether this call removed the point: false when it is held, or wanted again since the marks were listed.</returns>
    internal async Task<bool> RemoveForgottenAsync(string id, CancellationToken cancellationToken)
    {
        bool? claimed = await TryClaimAsync(id, cancellationToken);
        bool isOurs = claimed == true;
        HoldKind there = isOurs ? HoldKind.Removal : (await ReadHoldAsync(id, cancellationToken)).Kind;
        if (there == HoldKind.Hold || (there == HoldKind.None && claimed == false))
        {
            return false;
        }

        if (await Store.GetSizeAsync(ForgottenPrefix + id, cancellationToken) is null)
        {
            // Wanted again before the claim. Another collector's claim is that one's to remove.
            if (isOurs)
            {
                await Store.DeleteAsync(HoldPrefix + id, cancellationToken);
            }

            return false;
        }

        bool removed = await Store.DeleteAsync($"points/{id}", cancellationToken);
        await Store.DeleteAsync(ForgottenPrefix + id, cancellationToken);
        if (isOurs || (await ReadHoldAsync(id, cancellationToken)).Kind == HoldKind.Removal)
        {
            await Store.DeleteAsync(HoldPrefix + id, cancellationToken);
        }

        return removed;
    }

    /// <summary>
    /// False when the key is taken; null when a store that is full takes not even the claim: space must come free, so the hold is read by key instead, last. The
    /// point of a hold that comes after that is gone, and it may have been told otherwise; but then it had found space that the claim had not.
    /// </summary>
    private async Task<bool?> TryClaimAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await PutMarkAsync(EnvelopeKind.Removal, HoldPrefix + id, reason: null, cancellationToken);
        }
        catch (VProtectException e) when (e.Code == ErrorCode.StoreFull)
        {
            return null;
        }
    }

    /// <summary>Removes claims whose collector died before it saw that the point is wanted again, or after it had removed point and mark.</summary>
    internal async Task RemoveStaleClaimsAsync(CancellationToken cancellationToken)
    {
        foreach (string id in await ListMarksAsync(HoldPrefix, cancellationToken))
        {
            if ((await ReadHoldAsync(id, cancellationToken)).Kind == HoldKind.Removal
                && await Store.GetSizeAsync(ForgottenPrefix + id, cancellationToken) is null)
            {
                await Store.DeleteAsync(HoldPrefix + id, cancellationToken);
            }
        }
    }

    /// <summary>Creates a hold of a point that is there; false when there is one already.</summary>
    private async Task<bool> TryHoldAsync(string id, string? reason, CancellationToken cancellationToken)
    {
        string key = HoldPrefix + id;
        if (!await PutMarkAsync(EnvelopeKind.Hold, key, reason, cancellationToken))
        {
            return (await ReadHoldAsync(id, cancellationToken)).Kind switch
            {
                HoldKind.Hold => false,
                HoldKind.None => await TryHoldAsync(id, reason, cancellationToken),
                _ => throw Gone(id, "is being removed by a collection"),
            };
        }

        if (await ReadPointAsync(id, cancellationToken) is null)
        {
            await Store.DeleteAsync(key, cancellationToken);
            throw Gone(id, "has been removed by a collection");
        }

        return true;
    }

    private async Task RequireNotHeldAsync(string id, CancellationToken cancellationToken)
    {
        (HoldKind kind, _, string? reason) = await ReadHoldAsync(id, cancellationToken);
        if (kind == HoldKind.Hold)
        {
            throw new VProtectException(
                ErrorCode.RestorePointHeld, ErrorSide.Request, $"Restore point {id[..8]} is held{(reason is null ? "" : $": {reason}")}.",
                $"Release the hold first: vprotect release {id[..8]}");
        }
    }

    private async Task<(HoldKind Kind, DateTimeOffset? At, string? Reason)> ReadHoldAsync(string id, CancellationToken cancellationToken)
    {
        string key = HoldPrefix + id;
        byte[]? bytes = await ReadSmallAsync(Store, key, cancellationToken);
        if (bytes is null)
        {
            return (HoldKind.None, null, null);
        }

        // A claim is believed only when it is whole; whatever else lies there holds.
        EnvelopeKind kind = Envelope.KindOf(bytes) == EnvelopeKind.Removal ? EnvelopeKind.Removal : EnvelopeKind.Hold;
        (bool isWhole, DateTimeOffset? at, string? reason) = await TryReadMarkAsync(kind, key, cancellationToken);
        return (kind == EnvelopeKind.Removal && isWhole ? HoldKind.Removal : HoldKind.Hold, at, reason);
    }

    private async Task<(bool IsWhole, DateTimeOffset? At, string? Reason)> TryReadMarkAsync(
        EnvelopeKind kind, string key, CancellationToken cancellationToken)
    {
        try
        {
            MarkRecord? mark = await ReadRecordAsync<MarkRecord>(kind, key, cancellationToken);
            bool hasTime = DateTimeOffset.TryParse(mark?.At, CultureInfo.InvariantCulture, out DateTimeOffset at);
            return (mark is not null, hasTime ? at : null, mark?.Reason);
        }
        catch (IntegrityException)
        {
            return (false, null, null);
        }
    }

    private VProtectException Gone(string id, string what) => new(
        ErrorCode.RestorePointNotFound, ErrorSide.Request, $"Restore point {id[..8]} of {Name} {what}.",
        "It can no longer be kept. See 'vprotect list' for those there are.");

    private enum HoldKind
    {
        None,
        Hold,
        Removal,
    }
}

/// <summary>A restore point that is no longer wanted, until a collection removes it.</summary>
/// <param name="Point">Whole: it can still be restored once it is wanted again.</param>
/// <param name="ForgottenAt">By the clock of whoever forgot it; null when the mark is damaged. For display only.</param>
public sealed record ForgottenPoint(RestorePoint Point, DateTimeOffset? ForgottenAt);

/// <summary>A hold on a restore point.</summary>
/// <param name="PointId">The restore point: 32 hexadecimal digits.</param>
/// <param name="At">By the clock of whoever holds it; null when unknown. For display only.</param>
/// <param name="Reason">Why; null when none was given or it is unknown.</param>
public sealed record PointHold(string PointId, DateTimeOffset? At, string? Reason);
