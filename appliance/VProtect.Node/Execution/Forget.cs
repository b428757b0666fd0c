using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Store;
using VProtect.Node.Rebuild;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>Forgets restore points. One that is held keeps the others from nothing; the work then fails all the same.</summary>
internal static class Forget
{
    public static async Task RunAsync(ForgetWork work, WorkContext context, CancellationToken cancellationToken) => await context.UseAsync(
        work.Repository,
        async shared =>
        {
            await RunAsync(work, shared, context, cancellationToken);
            return true;
        },
        cancellationToken);

    private static async Task RunAsync(ForgetWork work, SharedRepository shared, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("forgetting restore points");
        string? wrong = work.PointIds.FirstOrDefault(id => !PackId.TryParse(id, out _));
        if (wrong is not null)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{wrong}' is no id of a restore point.", "Give the whole id: 32 hexadecimal digits.");
        }

        PointListing listing = await shared.Repository.ReadPointsAsync(cancellationToken);
        ApplianceCopies.RequireNewest(listing.Points, work.Repository);
        HashSet<string> there = [.. listing.Points.Select(point => point.Id), .. listing.Damaged.Keys];
        VProtectException? held = null;
        foreach (string id in work.PointIds)
        {
            try
            {
                if (there.Contains(id))
                {
                    await shared.Repository.ForgetAsync(id, cancellationToken);
                    context.Note($"Forgot restore point {id}.");
                }
            }
            catch (VProtectException e) when (e.Code == ErrorCode.RestorePointHeld)
            {
                context.Warn(e.Message);
                held ??= e;
            }
        }

        if (held is not null)
        {
            throw held;
        }
    }
}
