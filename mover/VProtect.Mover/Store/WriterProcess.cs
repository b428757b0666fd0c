using System.Text;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Store;

/// <summary>Who this process is, and whether another of this machine still lives: by boot, process id and start, no clock.</summary>
internal static class WriterProcess
{
    private static readonly Lazy<string> BootId = new(() => ReadOrEmpty("/proc/sys/kernel/random/boot_id"));
    private static readonly Lazy<string> MachineId = new(HashOfMachine);
    private static readonly Lazy<string> NamespaceId = new(() => LinkOrEmpty("/proc/self/ns/pid"));

    /// <summary>This process as it signs its leases.</summary>
    public static ProcessIdentity Own { get; } = new(
        Host, Boot, Environment.ProcessId, StartOf(Environment.ProcessId) ?? "", Machine, Namespace, IsCertainlyGone);

    public static string Host => Environment.MachineName;

    /// <summary>Changes with every start of the machine.</summary>
    public static string Boot => BootId.Value;

    /// <summary>Tells machines of one name apart: a hash of what the firmware and the system call this one; empty where neither says.</summary>
    public static string Machine => MachineId.Value;

    /// <summary>The space that process ids belong to: containers of one machine have their own.</summary>
    public static string Namespace => NamespaceId.Value;

    /// <summary>Start of a process in ticks since boot, or null when there is no such process.</summary>
    public static string? StartOf(int processId)
    {
        string stat = ReadOrEmpty($"/proc/{processId}/stat");

        // Fields are counted after the command, which is in parentheses and may hold anything. See proc(5): starttime is field 22.
        int end = stat.LastIndexOf(')');
        string[] fields = end < 0 ? [] : stat[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 ? fields[19] : null;
    }

    /// <summary>
    /// True only when the writer of a lease is certainly gone: of this run of this machine, but no such process; or of an earlier run of this
    /// machine. Another machine may have the same name, and another container the same boot.
    /// </summary>
    public static bool IsCertainlyGone(Records.LeaseRecord lease)
    {
        if (Boot.Length == 0 || lease.Host != Host)
        {
            return false;
        }

        return lease.Boot == Boot
            ? (lease.Namespace ?? Namespace) == Namespace && StartOf(lease.Process) != lease.Started
            : Machine.Length > 0 && lease.Machine == Machine;
    }

    private static string HashOfMachine()
    {
        string names = ReadOrEmpty("/sys/class/dmi/id/product_uuid") + ReadOrEmpty("/etc/machine-id");
        if (names.Length == 0)
        {
            return "";
        }

        // Neither is anybody's business who reads the repository.
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(Encoding.UTF8.GetBytes("VProtect machine " + names), hash);
        return Convert.ToHexStringLower(hash[..8]);
    }

    private static string LinkOrEmpty(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

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
    string Host, string Boot, int Process, string Started, string Machine, string Namespace, Func<Records.LeaseRecord, bool> IsCertainlyGone);
