namespace VProtect.Mover.Store.Backends.Faulty;

/// <summary>The calls that <see cref="FaultyStore"/> counts and breaks.</summary>
internal enum StoreOperation
{
    Create,
    Write,
    Commit,
    Put,
    Read,
    Size,
    List,
    Delete,
    Space,
}
