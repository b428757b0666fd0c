namespace VProtect.Catalog.Sql;

/// <summary>A row with an identity of ours and a version that guards it against lost updates.</summary>
public interface IEntity
{
    /// <summary>Identity, UUIDv7.</summary>
    Guid Guid { get; }

    /// <summary>Grows by one with every change; what a client sends back to say which state it changed.</summary>
    long Version { get; }
}
