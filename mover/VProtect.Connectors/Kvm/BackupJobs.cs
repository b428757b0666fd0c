using System.Diagnostics;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>libvirt's backup jobs: at most one on a machine, and not always ours.</summary>
internal static class BackupJobs
{
    internal static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until the job whose description holds <paramref name="mark"/> is gone, and with it QEMU's hold on its files.</summary>
    /// <returns>Whether it is.</returns>
    internal static async Task<bool> WaitForEndAsync(LibvirtSession session, string machineUuid, string mark)
    {
        long begun = Stopwatch.GetTimestamp();
        while (await session.ReadAsync("Waiting for the end of the backup", api => IsThere(api, machineUuid, mark), CancellationToken.None))
        {
            if (Stopwatch.GetElapsedTime(begun) > EndTimeMax)
            {
                return false;
            }

            await Task.Delay(Pause);
        }

        return true;
    }

    /// <summary>Tells the job to end, if it is the one whose description holds <paramref name="mark"/>.</summary>
    /// <returns>Whether it is safe to wait for its end: true also when there is none.</returns>
    internal static bool End(DomainHandle domain, string mark)
    {
        try
        {
            if (LibvirtApi.TryGetBackupXml(domain)?.Contains(mark, StringComparison.Ordinal) == true)
            {
                LibvirtApi.AbortJob(domain);
            }

            return true;
        }
        catch (LibvirtException exception) when (exception.Number == VirErr.OperationInvalid)
        {
            // It ended, or the machine did, between the two calls.
            return true;
        }
    }

    private static bool IsThere(LibvirtApi api, string machineUuid, string mark)
    {
        using DomainHandle? domain = api.TryLookupDomain(machineUuid);
        return domain is not null && LibvirtApi.TryGetBackupXml(domain)?.Contains(mark, StringComparison.Ordinal) == true;
    }
}
