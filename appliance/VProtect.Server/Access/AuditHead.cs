using System.Buffers.Binary;
using System.Security.Cryptography;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Audit;
using VProtect.Server.Hosting;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Access;

/// <summary>What a check of the audit log found.</summary>
/// <param name="Newest">Number of the newest entry; 0 when there is none.</param>
/// <param name="NewestHash">Its hash; 32 zero bytes when there is none.</param>
/// <param name="KeptSeq">Number of the entry that was the newest when the head was last kept; null when no head is kept, or it cannot be read.</param>
/// <param name="Findings">What is amiss, for people; empty when the log is whole.</param>
internal sealed record AuditVerification(long Newest, byte[] NewestHash, long? KeptSeq, IReadOnlyList<string> Findings);

/// <summary>
/// Keeps the newest entry's hash beside the catalog, in <c>audit.head</c>, and now and then in the log: without it, removal of the newest entries
/// would not show. It moves only when the entry it names is still there and the same. Each minute, and after each good check.
/// <code>
/// offset  length  audit.head, sealed by SecretBox for "audit-head"
///      0       8  number of the entry, little-endian
///      8      32  its hash
/// </code>
/// Safe for any number of callers.
/// </summary>
internal sealed partial class AuditHead(CatalogDatabase catalog, DataDirectory data, SecretBox box, TimeProvider time, ILogger<AuditHead> logger) : IUpkeep, IDisposable
{
    private const string Purpose = "audit-head";
    private const int HeadBytes = sizeof(long) + SHA256.HashSizeInBytes;

    /// <summary>The log is kept elsewhere by whoever collects it; a line each minute would bury the rest.</summary>
    private static readonly TimeSpan LoggedEvery = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _one = new(1);

    /// <summary>The head as this process knows it, so that deleting the file changes nothing while it runs.</summary>
    private Head? _kept;
    private DateTimeOffset _loggedAt = DateTimeOffset.MinValue;
    private bool _isReported;

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
            AuditEntry? newest = await session.Audit.NewestAsync(cancellationToken);
            (Head? kept, string? finding) = Read();
            finding ??= await CompareAsync(session, newest, kept, cancellationToken);
            if (finding is null)
            {
                Keep(newest, kept);
            }
            else if (!_isReported)
            {
                _isReported = true;
                Log.Broken(logger, finding);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Reads the whole log, checks its chain and compares it with the head that was kept; a whole one's head is kept.</summary>
    public async Task<AuditVerification> VerifyAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
            AuditEntry? newest = await session.Audit.NewestAsync(cancellationToken);
            List<string> findings = [];
            if (await session.Audit.VerifyAsync(cancellationToken) is { } broken)
            {
                findings.Add($"Entry {broken} was changed, or entries from {broken} on were removed or put in.");
            }

            (Head? kept, string? finding) = Read();
            finding ??= await CompareAsync(session, newest, kept, cancellationToken);
            if (finding is not null)
            {
                findings.Add(finding);
            }

            if (findings.Count == 0)
            {
                Keep(newest, kept);
            }
            else
            {
                Log.Broken(logger, string.Join(' ', findings));
            }

            return new AuditVerification(newest?.Seq ?? 0, newest?.Hash ?? new byte[SHA256.HashSizeInBytes], kept?.Seq, findings);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Seals what is kept with the key that seals now. What cannot be read stays as it is, and is found as before.</summary>
    public async Task SealAnewAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (File.Exists(data.AuditHead) && Read().Kept is { } kept)
            {
                Write(kept);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private static async Task<string?> CompareAsync(CatalogSession session, AuditEntry? newest, Head? kept, CancellationToken cancellationToken)
    {
        if (kept is not { } head)
        {
            return null;
        }

        long last = newest?.Seq ?? 0;
        if (head.Seq > last)
        {
            return $"Entries {last + 1} to {head.Seq} at least are gone: the newest were removed, or an older catalog was put back.";
        }

        AuditEntry? there = await session.Audit.FindAsync(head.Seq, cancellationToken);
        return there is not null && there.Hash.AsSpan().SequenceEqual(head.Hash)
            ? null
            : $"Entry {head.Seq} is not the one that was kept: the log was written anew up to there, or its end was removed and went on.";
    }

    private (Head? Kept, string? Finding) Read()
    {
        if (_kept is not null || !File.Exists(data.AuditHead))
        {
            return (_kept, null);
        }

        try
        {
            byte[] bytes = box.Unseal(File.ReadAllBytes(data.AuditHead), Purpose);
            if (bytes.Length == HeadBytes)
            {
                _kept = new Head(BinaryPrimitives.ReadInt64LittleEndian(bytes), bytes[sizeof(long)..]);
                return (_kept, null);
            }
        }
        catch (VProtectException exception) when (exception.Code == ErrorCode.SecretUnreadable)
        {
            // Told below, as a finding.
        }

        return (null, $"The head that was kept in '{data.AuditHead}' cannot be read: it was changed, or belongs to another key.");
    }

    private void Keep(AuditEntry? newest, Head? kept)
    {
        if (newest is null)
        {
            return;
        }

        if (newest.Seq != kept?.Seq || !File.Exists(data.AuditHead))
        {
            _kept = new Head(newest.Seq, newest.Hash);
            Write(_kept);
        }

        if (time.GetUtcNow() - _loggedAt >= LoggedEvery)
        {
            _loggedAt = time.GetUtcNow();
            Log.Kept(logger, newest.Seq, Convert.ToHexStringLower(newest.Hash));
        }
    }

    private void Write(Head head)
    {
        byte[] bytes = new byte[HeadBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, head.Seq);
        head.Hash.CopyTo(bytes.AsSpan(sizeof(long)));
        PrivateFile.Write(data.AuditHead, box.Seal(bytes, Purpose));
    }

    private sealed record Head(long Seq, byte[] Hash);

    private static partial class Log
    {
        [LoggerMessage(5350, LogLevel.Information, "Audit log: the newest entry is {Seq}, its hash {Hash}")]
        public static partial void Kept(ILogger logger, long seq, string hash);

        [LoggerMessage(5351, LogLevel.Error, "The audit log is not whole: {Finding}")]
        public static partial void Broken(ILogger logger, string finding);
    }
}
