using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>libvirt's backup jobs: at most one on a machine, and not always ours.</summary>
internal static class BackupJobs
{
    internal static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the job is gone, and with it QEMU's hold on its files.</summary>
    /// <returns>Whether it is.</returns>
    internal static bool WaitForEnd(DomainHandle domain, string mark)
    {
        long until = Environment.TickCount64 + (long)EndTimeMax.TotalMilliseconds;
        while (LibvirtApi.TryGetBackupXml(domain)?.Contains(mark, StringComparison.Ordinal) == true)
        {
            if (Environment.TickCount64 > until)
            {
                return false;
            }

            Thread.Sleep(20);
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
}
