using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>A writer whose lease has not ended, for display: collection decides by its own reading.</summary>
/// <param name="Lease">32 digits of the lease.</param>
/// <param name="Host">The machine it runs on; null when the lease is damaged.</param>
/// <param name="Process">Its process id there.</param>
/// <param name="Generation">The collection it goes by.</param>
/// <param name="Since">When the process began; known on its own machine only.</param>
/// <param name="IsGone">Whether that process is certainly no more: then the next collection ends the lease.</param>
public sealed record WriterInfo(string Lease, string? Host, int? Process, long? Generation, DateTimeOffset? Since, bool IsGone)
{
    internal static async Task<IReadOnlyList<WriterInfo>> ListAsync(Repository repository, CancellationToken cancellationToken)
    {
        HashSet<string> ended = await repository.ListMarksAsync("ended/", cancellationToken);
        var writers = new List<WriterInfo>();
        foreach (string name in (await repository.ListMarksAsync("leases/", cancellationToken)).Except(ended).Order(StringComparer.Ordinal))
        {
            try
            {
                if (await repository.ReadRecordAsync<LeaseRecord>(EnvelopeKind.Lease, $"leases/{name}", cancellationToken) is { } lease)
                {
                    bool isGone = WriterProcess.IsCertainlyGone(lease);
                    writers.Add(new WriterInfo(name, lease.Host, lease.Process, lease.Generation, SinceOf(lease), isGone));
                }
            }
            catch (IntegrityException)
            {
                writers.Add(new WriterInfo(name, null, null, null, null, IsGone: false));
            }
        }

        return writers;
    }

    private static DateTimeOffset? SinceOf(LeaseRecord lease)
    {
        bool isOfThisBoot = WriterProcess.Boot.Length > 0 && lease.Host == WriterProcess.Host && lease.Boot == WriterProcess.Boot;
        if (!isOfThisBoot || !long.TryParse(lease.Started, CultureInfo.InvariantCulture, out long ticks))
        {
            return null;
        }

        // Ticks of 10 ms since boot, as /proc shows them on every Linux of ours (USER_HZ is 100).
        TimeSpan age = TimeSpan.FromMilliseconds(Environment.TickCount64) - TimeSpan.FromMilliseconds(ticks * 10.0);
        return DateTimeOffset.UtcNow - age;
    }
}
