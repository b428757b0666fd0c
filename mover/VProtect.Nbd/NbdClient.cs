using VProtect.Nbd.Client;

namespace VProtect.Nbd;

/// <summary>A client of one NBD export, over as many connections as the server allows and the options want.
/// <para><b>Requests</b> may be issued from any thread and any number at a time; they complete in any order. Offsets
/// and lengths are in bytes, of any alignment: the client aligns and splits as the server demands. Requests that
/// overlap in bytes and are outstanding together have no order; await one before issuing the other.</para>
/// <para><b>Buffers</b> are the client's from the call until its task has completed, in whatever way, and never
/// touched after. Each task is awaited exactly once.</para>
/// <para><b>Cancellation</b> completes the task at once (when a part of the buffer is being moved at that moment: right
/// after). The server may still carry out what it was sent: after a cancelled or failed write the bytes in question
/// are undefined, and after such a read so is the buffer.</para>
/// <para><b>Failure</b>: every method throws <see cref="NbdException"/>. <see cref="NbdErrorKind.ServerError"/> concerns
/// that request only; any other kind has ended a connection together with all its requests. The client goes on with the
/// remaining connections, and when none remains every call fails in the same way.</para></summary>
public sealed partial class NbdClient : IAsyncDisposable
{
    private readonly ConnectionPool _pool;
    private readonly ExportTerms _terms;
    private readonly SemaphoreSlim _unaligned = new(1, 1);

    private NbdClient(ConnectionPool pool)
    {
        _pool = pool;
        _terms = pool.Terms;
        MetaContexts = [.. _terms.Contexts.OrderBy(pair => pair.Key).Select(pair => pair.Value)];
    }

    /// <summary>Size of the export, in bytes; at least 1.</summary>
    public long SizeBytes => _terms.SizeBytes;

    /// <summary>What the export can do.</summary>
    public NbdExportFlags Flags => _terms.Flags;

    /// <summary>The granularity the server works in, in bytes: a power of two up to 65,536. Other requests are possible
    /// and cost an extra copy, and for writes an extra read.</summary>
    public uint MinimumBlockBytes => _terms.Sizes.Minimum;

    /// <summary>The granularity that is efficient, in bytes.</summary>
    public uint PreferredBlockBytes => _terms.Sizes.Preferred;

    /// <summary>The longest read or write that goes to the server in one piece, in bytes; at most 32 MiB.</summary>
    public uint MaximumPayloadBytes => _terms.Sizes.Maximum;

    /// <summary>What the server says about the export, for people; null if nothing.</summary>
    public string? Description => _terms.Description;

    /// <summary>The metadata contexts negotiated, out of those asked for.</summary>
    public IReadOnlyList<string> MetaContexts { get; }

    /// <summary>Connections in working order now.</summary>
    public int ConnectionCount => _pool.Count;

    /// <summary>Whether 64-bit lengths were agreed.</summary>
    public bool HasExtendedHeaders => _terms.IsExtended;

    /// <summary>Connects and negotiates. Further connections, if any, that take longer than half a second join later.</summary>
    /// <param name="uri">Server and export.</param>
    /// <param name="options">See there.</param>
    /// <param name="ct">Stops connecting; no effect once connected.</param>
    /// <exception cref="NbdException">Any kind but <see cref="NbdErrorKind.ServerError"/>.</exception>
    public static async Task<NbdClient> ConnectAsync(NbdUri uri, NbdConnectOptions options, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new NbdClient(await ConnectionPool.OpenAsync(uri, options, ct));
    }

    /// <summary>Closes all connections: politely where nothing is outstanding; elsewhere requests fail as
    /// <see cref="NbdErrorKind.Disconnected"/>. Afterwards no buffer is in use. Does not flush.</summary>
    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        _unaligned.Dispose();
    }
}
