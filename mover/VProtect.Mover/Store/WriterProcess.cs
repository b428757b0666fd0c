namespace VProtect.Mover.Store;

/// <summary>Who this process is, and whether another of this machine still lives: by boot, process id and start, no clock.</summary>
internal static class WriterProcess
{
    public static string Host => Environment.MachineName;

    /// <summary>Changes with every start of the machine.</summary>
    public static string Boot { get; } = ReadOrEmpty("/proc/sys/kernel/random/boot_id");

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
