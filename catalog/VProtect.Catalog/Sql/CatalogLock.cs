namespace VProtect.Catalog.Sql;

/// <summary>What only one transaction does at a time. Numbers are PostgreSQL's advisory locks, shared by all servers; never reused.</summary>
internal enum CatalogLock : long
{
    /// <summary>Migrating the schema.</summary>
    Migration = 0x5650_0001,

    /// <summary>Claiming a task: limits are counted, so claims must not run side by side.</summary>
    Claim = 0x5650_0002,

    /// <summary>Appending to the audit chain: an entry carries the hash of the one before.</summary>
    Audit = 0x5650_0003,

    /// <summary>Sealing every secret with a new key: who rotates holds it from the first look at them to the end.</summary>
    KeyRotation = 0x5650_0004,
}
