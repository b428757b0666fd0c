namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>A source that can tell, at the next backup, what changed since this one.</summary>
public interface IChangeToken
{
    /// <summary>
    /// The token to keep with a restore point of this source; the next backup gives it back in
    /// <see cref="VProtect.Abstractions.ParentDisk.Token"/>. Null when this source keeps no record of changes.
    /// </summary>
    string? ChangeToken { get; }
}
