using VProtect.Nbd.Server;

namespace VProtect.Nbd.Tests.Testing;

/// <summary>An export in memory that can do everything; pages never written are holes, and the overlay context tells which were.</summary>
internal sealed class MemoryExport(long sizeBytes, NbdExportFlags flags = MemoryExport.Everything) : INbdExport
{
    public const NbdExportFlags Everything = NbdExportFlags.SendFlush | NbdExportFlags.SendFua | NbdExportFlags.SendTrim | NbdExportFlags.SendWriteZeroes
        | NbdExportFlags.SendFastZero | NbdExportFlags.SendCache | NbdExportFlags.CanMultiConnection;
    public const string Overlay = "vprotect:overlay";
    private const int PageBytes = 4096;
    private readonly Lock _gate = new();
    private readonly bool[] _written = new bool[(sizeBytes + PageBytes - 1) / PageBytes];

    public byte[] Content { get; } = new byte[sizeBytes];

    public string Description => "a disk in memory";

    public long SizeBytes => sizeBytes;

    public NbdExportFlags Flags => flags;

    public uint MinimumBlockBytes { get; init; } = 1;

    public IReadOnlyList<string> MetaContexts => [NbdMetaContext.BaseAllocation, Overlay];

    public List<string> Calls { get; } = [];

    /// <summary>Awaited before each request; may throw.</summary>
    public Func<long, Task>? OnRequest { get; set; }

    public int InFlight;
    public int InFlightMost;

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        await EnterAsync($"read {offset}+{buffer.Length}", offset);
        lock (_gate)
        {
            Content.AsSpan((int)offset, buffer.Length).CopyTo(buffer.Span);
        }

        Interlocked.Decrement(ref InFlight);
    }

    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data, bool fua, CancellationToken ct)
    {
        await EnterAsync($"write {offset}+{data.Length}{(fua ? " fua" : "")}", offset);
        lock (_gate)
        {
            data.Span.CopyTo(Content.AsSpan((int)offset));
            Mark(offset, data.Length, true);
        }

        Interlocked.Decrement(ref InFlight);
    }

    public async ValueTask FlushAsync(CancellationToken ct)
    {
        await EnterAsync("flush", 0);
        Interlocked.Decrement(ref InFlight);
    }

    public ValueTask TrimAsync(long offset, long length, bool fua, CancellationToken ct) => ClearAsync("trim", offset, length, fua ? " fua" : "");

    public ValueTask WriteZeroesAsync(long offset, long length, NbdWriteZeroesFlags flags, CancellationToken ct) =>
        flags.HasFlag(NbdWriteZeroesFlags.FastZero) && length % PageBytes != 0
            ? throw new NbdExportException(NbdFault.NotSupported, "That would not be fast.")
            : ClearAsync("zero", offset, length, flags == 0 ? "" : $" {flags}");

    public async ValueTask CacheAsync(long offset, long length, CancellationToken ct)
    {
        await EnterAsync($"cache {offset}+{length}", offset);
        Interlocked.Decrement(ref InFlight);
    }

    public ValueTask GetExtentsAsync(string context, long offset, long length, int countMax, ICollection<NbdExtent> extents, CancellationToken ct)
    {
        lock (_gate)
        {
            for (long at = offset; at < offset + length && extents.Count < countMax;)
            {
                bool written = _written[at / PageBytes];
                long start = at;
                while (at < offset + length && _written[at / PageBytes] == written)
                {
                    at = Math.Min(offset + length, ((at / PageBytes) + 1) * PageBytes);
                }

                uint status = context == Overlay ? (written ? 1u : 0) : written ? 0 : NbdMetaContext.Hole | NbdMetaContext.Zero;
                extents.Add(new NbdExtent(start, at - start, status));
            }
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask ClearAsync(string what, long offset, long length, string how)
    {
        await EnterAsync($"{what} {offset}+{length}{how}", offset);
        lock (_gate)
        {
            Content.AsSpan((int)offset, (int)length).Clear();
            if (offset % PageBytes == 0 && length % PageBytes == 0)
            {
                Mark(offset, length, false);
            }
            else
            {
                Mark(offset, length, true);
            }
        }

        Interlocked.Decrement(ref InFlight);
    }

    private async ValueTask EnterAsync(string call, long offset)
    {
        lock (Calls)
        {
            Calls.Add(call);
            InFlightMost = Math.Max(InFlightMost, Interlocked.Increment(ref InFlight));
        }

        if (OnRequest is not null)
        {
            await OnRequest(offset);
        }
    }

    private void Mark(long offset, long length, bool written)
    {
        for (long page = offset / PageBytes; page * PageBytes < offset + length; page++)
        {
            _written[page] = written;
        }
    }
}
