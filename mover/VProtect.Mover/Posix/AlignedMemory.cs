using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace VProtect.Mover.Posix;

/// <summary>Memory that the kernel can hand to a disk as it is: pinned, and beginning at a page.</summary>
internal static class AlignedMemory
{
    /// <summary>Direct I/O wants addresses, offsets and lengths in multiples of the disk's block: 512 or 4096 bytes.</summary>
    internal const int AlignmentBytes = 4096;

    /// <summary>Memory of this length, for as long as it is referred to. Not zeroed.</summary>
    internal static unsafe Memory<byte> Allocate(int lengthBytes)
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(lengthBytes + AlignmentBytes, pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        int skip = (int)(((address + AlignmentBytes - 1) & ~(nuint)(AlignmentBytes - 1)) - address);
        return array.AsMemory(skip, lengthBytes);
    }

    /// <summary>Whether a transfer may be direct. The memory must be pinned: what moves after this was asked makes the transfer fail.</summary>
    internal static unsafe bool IsAligned(long offsetBytes, ReadOnlySpan<byte> data)
    {
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(data));
        return (((ulong)address | (ulong)offsetBytes | (uint)data.Length) & (AlignmentBytes - 1)) == 0;
    }
}
