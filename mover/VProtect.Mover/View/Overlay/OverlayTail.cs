using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.View.Overlay;

/// <summary>
/// Notes of what was written to an overlay and is in no commit yet (OVERLAY.md, Tail). They are handed to the kernel before the write is answered and never flushed: a
/// process that is killed leaves them, a loss of power need not. Clients that outlive us and connect again take every answered write for written, and are right so.
/// <para>Two files used in turns, so that one can be emptied while the other is written. Not thread-safe.</para>
/// </summary>
internal sealed class OverlayTail : IDisposable
{
    private const uint OwnerOnly = 0x180; // 0600
    private const int SequenceOffset = OverlayFormat.EntryBytes;
    private const int CrcOffset = SequenceOffset + sizeof(long);
    private const int IdentityBytes = 32;

    /// <summary>Bytes of a note.</summary>
    public const int NoteBytes = 32;

    private readonly string[] _paths;
    private readonly SafeFileHandle[] _handles = new SafeFileHandle[2];
    private readonly byte[] _identity;
    private long _sequence = -1;
    private long _endBytes;

    /// <summary>Makes both files, or empties them: whatever they had to tell must be durable.</summary>
    /// <exception cref="PosixException">They cannot be written.</exception>
    public OverlayTail(string overlayPath, UInt128 overlay)
    {
        (_paths, _identity) = (PathsOf(overlayPath), IdentityOf(overlay));
        try
        {
            for (int i = 0; i < _paths.Length; i++)
            {
                _handles[i] = PosixFile.Open(_paths[i], Libc.O_RDWR | Libc.O_CREAT, OwnerOnly);
                Cut(i, 0);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>From now on notes are for the commit of this number. Those of the commit before the last are dropped: they must be durable.</summary>
    public void Begin(long sequence)
    {
        // Again when a commit could not be written: then it and the next are one, and no note is dropped.
        if (sequence != _sequence)
        {
            Cut((int)(sequence & 1), 0);
            (_sequence, _endBytes) = (sequence, 0);
        }
    }

    /// <summary>Adds notes, all or, when it fails, none.</summary>
    /// <exception cref="PosixException">They cannot be written.</exception>
    /// <exception cref="InvalidOperationException">They cannot be written, and those of them that were cannot be removed.</exception>
    public void Append(ReadOnlySpan<OverlayEntry> entries)
    {
        int at = (int)(_sequence & 1);
        Span<byte> notes = entries.Length <= 8 ? stackalloc byte[entries.Length * NoteBytes] : new byte[entries.Length * NoteBytes];
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> note = notes.Slice(i * NoteBytes, NoteBytes);
            OverlayFormat.WriteEntry(note, entries[i]);
            BinaryPrimitives.WriteInt64LittleEndian(note[SequenceOffset..], _sequence);
            BinaryPrimitives.WriteUInt64LittleEndian(note[CrcOffset..], CrcOf(note));
        }

        try
        {
            PosixFile.Write(PosixFile.Fd(_handles[at]), _endBytes, notes, _paths[at]);
            _endBytes += notes.Length;
        }
        catch (PosixException e)
        {
            try
            {
                Cut(at, _endBytes);
            }
            catch (PosixException)
            {
                throw new InvalidOperationException(e.Message, e);
            }

            throw;
        }
    }

    /// <summary>What a process of this start of the machine noted for commits from a number on, in the order it happened.</summary>
    public static List<OverlayEntry> Read(string overlayPath, UInt128 overlay, long fromSequence)
    {
        byte[] identity = IdentityOf(overlay);
        var found = new List<(long Sequence, OverlayEntry Entry)>();
        foreach (string path in PathsOf(overlayPath))
        {
            if (PosixFile.TryOpen(path, Libc.O_RDONLY, out SafeFileHandle? handle) == 0)
            {
                using (handle)
                {
                    ReadFile(path, handle!, identity, found);
                }
            }
        }

        return [.. found.Where(note => note.Sequence >= fromSequence).OrderBy(static note => note.Sequence).Select(static note => note.Entry)];
    }

    /// <summary>Removes the files: everything is durable. One that cannot be removed tells nothing that counts.</summary>
    public void Remove()
    {
        foreach (string path in _paths)
        {
            try
            {
                PosixFile.Unlink(path);
            }
            catch (PosixException)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        foreach (SafeFileHandle? handle in _handles)
        {
            handle?.Dispose();
        }
    }

    private static string[] PathsOf(string overlayPath) => [overlayPath + ".tail0", overlayPath + ".tail1"];

    private static void ReadFile(string path, SafeFileHandle handle, byte[] identity, List<(long Sequence, OverlayEntry Entry)> found)
    {
        byte[] buffer = new byte[NoteBytes << 11];
        for (long offset = 0; ; offset += buffer.Length)
        {
            int read = PosixFile.Read(PosixFile.Fd(handle), offset, buffer, path);
            for (int at = 0; at + NoteBytes <= read; at += NoteBytes)
            {
                Span<byte> note = buffer.AsSpan(at, NoteBytes);
                if (BinaryPrimitives.ReadUInt64LittleEndian(note[CrcOffset..]) != CrcOf(note, identity))
                {
                    return;
                }

                found.Add((BinaryPrimitives.ReadInt64LittleEndian(note[SequenceOffset..]), OverlayFormat.ReadEntry(note)));
            }

            if (read < buffer.Length)
            {
                return;
            }
        }
    }

    private void Cut(int file, long lengthBytes)
    {
        if (Libc.Ftruncate(PosixFile.Fd(_handles[file]), lengthBytes) != 0)
        {
            throw PosixException.Last("ftruncate", _paths[file]);
        }
    }

    private uint CrcOf(ReadOnlySpan<byte> note) => CrcOf(note, _identity);

    private static uint CrcOf(ReadOnlySpan<byte> note, byte[] identity)
    {
        Span<byte> all = stackalloc byte[IdentityBytes + CrcOffset];
        identity.CopyTo(all);
        note[..CrcOffset].CopyTo(all[IdentityBytes..]);
        return PackFormat.Crc32C(all);
    }

    /// <summary>The overlay, and the start of this machine: after a loss of power nothing of before is believed.</summary>
    private static byte[] IdentityOf(UInt128 overlay)
    {
        byte[] identity = new byte[IdentityBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(identity, overlay);
        Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id")).TryWriteBytes(identity.AsSpan(16));
        return identity;
    }
}
