namespace VProtect.Connectors.Contract;

/// <summary>A new file in a running machine, written from its begin to its end, by one thread. Disposed by whoever opened it: then it is closed.</summary>
public interface IGuestFileWriter : IAsyncDisposable
{
    /// <summary>Writes what comes next.</summary>
    Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>All is written: whoever opens it in the machine now reads all of it.</summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}
