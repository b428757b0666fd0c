namespace VProtect.Nbd.Server;

/// <summary>A disk as the server sees it. All members are called from any thread, many at a time, in no order.
/// <para>Offsets and lengths are in bytes, have been checked against <see cref="SizeBytes"/>, the block sizes and the flags, and
/// lengths are never 0. Buffers are the export's only until the task has completed.</para>
/// <para>A request fails by <see cref="NbdExportException"/>, which names what the client is told; any other exception but
/// cancellation is told as an input/output error. The server never disposes an export.</para></summary>
public interface INbdExport
{
    /// <summary>What clients may be told about it, in a line; null for nothing.</summary>
    string? Description => null;

    /// <summary>Its size in bytes, at least 1. It never changes: clients cannot be told.</summary>
    long SizeBytes { get; }

    /// <summary>What it can do. <see cref="NbdExportFlags.CanMultiConnection"/> promises that a flush covers what any connection
    /// wrote before, and that a read sees what any connection had been told was written.</summary>
    NbdExportFlags Flags { get; }

    /// <summary>The granularity of requests in bytes, a power of two up to 64 KiB; 1 when anything goes.</summary>
    uint MinimumBlockBytes => 1;

    /// <summary>The granularity that is efficient in bytes, a power of two.</summary>
    uint PreferredBlockBytes => 4096;

    /// <summary>The longest read or write in bytes, a multiple of the minimum; at most 32 MiB.</summary>
    uint MaximumPayloadBytes => 32 * 1024 * 1024;

    /// <summary>Metadata contexts it answers in <see cref="GetExtentsAsync"/>. With <see cref="NbdMetaContext.BaseAllocation"/> among
    /// them, long reads are sent without their zeroes.</summary>
    IReadOnlyList<string> MetaContexts => [];

    /// <summary>Fills the buffer.</summary>
    ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken ct);

    /// <summary>Writes; with <paramref name="fua"/> completes only when the bytes are durable. Called only when not read-only.</summary>
    ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data, bool fua, CancellationToken ct) => throw NotOffered();

    /// <summary>Makes every write durable that had completed before.</summary>
    ValueTask FlushAsync(CancellationToken ct) => throw NotOffered();

    /// <summary>Lets a range go; what it reads as afterwards is the export's choice.</summary>
    ValueTask TrimAsync(long offset, long length, bool fua, CancellationToken ct) => throw NotOffered();

    /// <summary>Makes a range read as zeroes. <see cref="NbdFault.NotSupported"/> when asked to be fast and it would not be.</summary>
    ValueTask WriteZeroesAsync(long offset, long length, NbdWriteZeroesFlags flags, CancellationToken ct) => throw NotOffered();

    /// <summary>Begins to have a range at hand. Advice.</summary>
    ValueTask CacheAsync(long offset, long length, CancellationToken ct) => throw NotOffered();

    /// <summary>Adds the extents of a range in one of <see cref="MetaContexts"/>: at least one and at most <paramref name="countMax"/>, in
    /// order, the first at <paramref name="offset"/>, without gaps, none beyond the range; they may end before it does.</summary>
    ValueTask GetExtentsAsync(string context, long offset, long length, int countMax, ICollection<NbdExtent> extents, CancellationToken ct) =>
        throw NotOffered();

    private static NbdExportException NotOffered() => new(NbdFault.NotSupported, "The export does not offer this.");
}
