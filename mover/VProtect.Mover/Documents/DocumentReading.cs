using System.Runtime.CompilerServices;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Documents;

/// <summary>Reads the documents of a restore point back. Memory: the archive and the documents, at most 37 MiB.</summary>
public static class DocumentReading
{
    /// <summary>All documents of a restore point, every byte checked; none when it has none.</summary>
    /// <exception cref="IntegrityException">They are missing, damaged, or not what a backup writes.</exception>
    public static async Task<IReadOnlyList<PointDocument>> ReadAsync(ChunkStore chunks, RestorePoint point, CancellationToken cancellationToken)
    {
        if (point.DocumentDisk is not { } disk)
        {
            return [];
        }

        if (disk.SizeBytes > DocumentArchive.ArchiveBytesMax)
        {
            throw new IntegrityException($"The documents of restore point {point.Id[..8]} take {disk.SizeBytes} bytes, which cannot be.");
        }

        var target = new ArchiveTarget((int)disk.SizeBytes);
        await new RestorePipeline(chunks, new RestoreOptions { Workers = 1 }, new RestoreCounters())
            .RunAsync(disk, target, differential: false, cancellationToken);
        return DocumentArchive.Read(target.Archive);
    }

    private sealed class ArchiveTarget(int sizeBytes) : IBlockTarget
    {
        public byte[] Archive { get; } = new byte[sizeBytes];

        public string Name => "memory";

        public bool IsSequential => false;

        public bool IsZeroed => true;

        public bool CanRead => false;

        public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            data.CopyTo(Archive.AsMemory((int)offsetBytes));
            return ValueTask.CompletedTask;
        }

        public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
            throw new NotSupportedException("It is only written.");

        public async IAsyncEnumerable<Extent> GetExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await ValueTask.CompletedTask;
            yield break;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
