namespace VProtect.Catalog.Nodes;

/// <summary>Where a node stands.</summary>
public enum NodeState
{
    /// <summary>Enrolled by a token, not accepted yet.</summary>
    Pending,

    /// <summary>Heard of lately.</summary>
    Online,

    /// <summary>Not heard of; its leases are void.</summary>
    Offline,

    /// <summary>Takes no new tasks.</summary>
    Maintenance,

    /// <summary>May not come back.</summary>
    Revoked,
}
