namespace VProtect.Mover.Store;

/// <summary>Who this process is, and whether another of this machine still lives: by boot, process id and start, no clock.</summary>
internal static class WriterProcess
{
    private static readonly Lazy<string> BootId = new(() => ReadOrEmpty("/proc/sys/kernel/random/boot_id"));

    /// <summary>This process as it signs its leases.</summary>
    public static ProcessIdentity Own { get; } = new(
        Host, Boot, Environment.ProcessId, StartOf(Environment.ProcessId) ?? "", IsCertainlyGone);

    public static string Host => Environment.MachineName;

    /// <summary>Changes with every start of the machine.</summary>
    public static string Boot => BootId.Value;

    /// <summary>Start of a process in ticks since boot, or null when there is no such process.</summary>
    public static string? StartOf(int processId)
    {
        string stat = ReadOrEmpty($"/proc/{processId}/stat");

        // Fields are counted after the command, which is in parentheses and may hold anything. See proc(5): starttime is field 22.
        int end = stat.LastIndexOf(')');
        string[] fields = end < 0 ? [] : stat[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 ? fields[19] : null;
    }

    /// <summary>True only when the writer of a lease is certainly gone: same machine, and restarted since or without that process.</summary>
    public static bool IsCertainlyGone(Records.LeaseRecord lease) =>
        Boot.Length > 0 && lease.Host == Host && (lease.Boot != Boot || StartOf(lease.Process) != lease.Started);

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

/// <summary>Whom a writer's leases name, and how it tells that another is gone. There is one, but where several processes are simulated in one.</summary>
internal sealed record ProcessIdentity(
    string Host, string Boot, int Process, string Started, Func<Records.LeaseRecord, bool> IsCertainlyGone);
