using VProtect.Mover.Store;
using VProtect.Testing;

namespace VProtect.Simulation.Running;

/// <summary>A machine that keeps an index and a ledger from one process to the next. One process at a time.</summary>
internal sealed class Node(string name)
{
    public string Name => name;

    public SimulatedIndex Index { get; set; } = new();

    public MemoryReferenceLedger Ledger { get; set; } = new();

    public SimulatedProcess? Process { get; set; }
}

/// <summary>A process: one job, until it ends or is killed.</summary>
internal sealed class SimulatedProcess(int id, Node node, string job)
{
    public int Id => id;

    public Node Node => node;

    public string Job => job;

    /// <summary>Ended or killed: its leases are a dead process's.</summary>
    public bool IsGone { get; set; }

    /// <summary>What it backs up, if that is its job.</summary>
    public int[]? Blocks { get; set; }

    public required Task<bool> Run { get; set; }

    /// <summary>As it signs leases. Whether another is gone can be told of processes on the same machine, or by one that knows all.</summary>
    public ProcessIdentity IdentityFor(Func<int, bool> isGone, bool knowsAll) => new(
        node.Name, "boot", id, "start", "machine", "", lease => (knowsAll || lease.Host == node.Name) && isGone(lease.Process));
}
