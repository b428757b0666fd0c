using System.Buffers;
using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;

namespace VProtect.Mover.Seal.Packing;

/// <summary>Reads packs: footers, and the header and cipher of each pack once. Safe from several threads.</summary>
internal sealed class PackReader(IObjectStore store, UInt128 repositoryId, RepositoryKeys keys) : IDisposable
{
    /// <summary>One read of this size at the end of a pack finds most footers whole.</summary>
    private const int TailBytes = 256 * 1024;

    /// <summary>Ciphers kept; a pack key costs one hash and one key schedule to make again.</summary>
    private const int CiphersMax = 1024;

    private readonly ConcurrentDictionary<PackId, PackCipher> _ciphers = new();

    /// <summary>The cipher of a pack, after its header has been read and checked.</summary>
    /// <exception cref="IntegrityException">The pack is missing, or its header is not what it must be.</exception>
    public async ValueTask<PackCipher> GetCipherAsync(PackId pack, CancellationToken cancellationToken)
    {
        if (_ciphers.TryGetValue(pack, out PackCipher? known))
        {
            return known;
        }

        byte[] bytes = new byte[PackFormat.HeaderBytes];
        int read = await store.ReadAsync(PackFormat.Key(pack), 0, bytes, cancellationToken);
        if (read < 0)
        {
            throw ChunkStore.PackMissing(pack);
        }

        if (read < bytes.Length || !PackHeader.TryRead(bytes, out PackHeader header))
        {
            throw new IntegrityException($"The header of pack {pack} is damaged.");
        }

        CheckHeader(pack, header);
        if (_ciphers.Count >= CiphersMax)
        {
            // Not disposed: another thread may be using one; its handle is freed with it.
            _ciphers.Clear();
        }

        return _ciphers.GetOrAdd(pack, static (_, state) => new PackCipher(state.keys, state.header), (keys, header));
    }

    /// <summary>Reads and checks a pack's table of contents.</summary>
    /// <returns>The footer, or null when there is no such pack.</returns>
    /// <exception cref="IntegrityException">It is damaged or foreign.</exception>
    public async ValueTask<PackFooter?> ReadFooterAsync(PackId pack, long packBytes, CancellationToken cancellationToken)
    {
        string key = PackFormat.Key(pack);
        if (packBytes < PackFormat.HeaderBytes + PackFormat.TrailerBytes)
        {
            throw new IntegrityException($"Pack {pack} is cut short: {packBytes} bytes.");
        }

        if (packBytes > PackFormat.PackBytesMax)
        {
            throw new IntegrityException($"Pack {pack} is larger than any pack can be: {packBytes} bytes.");
        }

        // Rented: a rebuild of the index reads the ends of all packs there are.
        byte[] rented = ArrayPool<byte>.Shared.Rent(TailBytes);
        try
        {
            return await ReadFooterAsync(key, pack, packBytes, rented.AsMemory(0, (int)Math.Min(packBytes, TailBytes)), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private async ValueTask<PackFooter?> ReadFooterAsync(
        string key, PackId pack, long packBytes, Memory<byte> tail, CancellationToken cancellationToken)
    {
        long tailOffset = packBytes - tail.Length;
        int read = await store.ReadAsync(key, tailOffset, tail, cancellationToken);
        if (read < 0)
        {
            return null;
        }

        long footerOffset = read < tail.Length ? -1 : PackFooter.LocateFooter(tail.Span[^PackFormat.TrailerBytes..], pack, packBytes);
        if (footerOffset < 0)
        {
            throw new IntegrityException($"The end of pack {pack} is damaged: it has no valid trailer.");
        }

        byte[] header = new byte[PackFormat.HeaderBytes];
        Memory<byte> footer;
        if (footerOffset >= tailOffset)
        {
            footer = tail[(int)(footerOffset - tailOffset)..];
        }
        else
        {
            footer = new byte[packBytes - footerOffset];
            await ReadExactlyAsync(key, pack, footerOffset, footer, cancellationToken);
        }

        await ReadExactlyAsync(key, pack, 0, header, cancellationToken);
        if (!PackFooter.TryDecode(header, footer.Span, footerOffset, keys.MacKey.Span, out PackFooter? result, out string? fault))
        {
            throw new IntegrityException($"Pack {pack} cannot be used: {fault}.");
        }

        CheckHeader(pack, result!.Header);
        return result;
    }

    /// <summary>Checks a pack by its last 128 bytes alone: that it has its whole length, and a trailer made with this repository's keys.</summary>
    /// <exception cref="IntegrityException">It has not. A pack that is gone is no error: a collector may remove it at any time.</exception>
    public async ValueTask CheckTrailerAsync(PackId pack, long packBytes, CancellationToken cancellationToken)
    {
        byte[] trailer = new byte[PackFormat.TrailerBytes];
        int read = packBytes < PackFormat.HeaderBytes + PackFormat.TrailerBytes
            ? 0
            : await store.ReadAsync(PackFormat.Key(pack), packBytes - trailer.Length, trailer, cancellationToken);
        if (read >= 0 && (read < trailer.Length || PackFooter.LocateFooter(trailer, pack, packBytes) < 0 || !PackFooter.IsTrailerOurs(trailer, keys.MacKey.Span)))
        {
            throw new IntegrityException($"The end of pack {pack} is damaged: it has no valid trailer.");
        }
    }

    private void CheckHeader(PackId pack, in PackHeader header)
    {
        if (header.Pack != pack || header.RepositoryId != repositoryId)
        {
            throw new IntegrityException($"Pack {pack} holds the header of another pack or repository: it was copied or moved here.");
        }

        if (header.Sealing != keys.Sealing || !keys.HasEpoch(header.KeyEpoch))
        {
            throw new IntegrityException($"Pack {pack} claims a sealing or key epoch that this repository does not have.");
        }
    }

    private async ValueTask ReadExactlyAsync(string key, PackId pack, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(key, offset, buffer, cancellationToken) != buffer.Length)
        {
            throw new IntegrityException($"Pack {pack} is cut short.");
        }
    }

    public void Dispose()
    {
        foreach (PackCipher cipher in _ciphers.Values)
        {
            cipher.Dispose();
        }
    }
}
