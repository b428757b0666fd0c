namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>Zeros for targets that know no holes.</summary>
internal static class Zeros
{
    private static readonly byte[] Block = new byte[1 << 20];

    /// <summary>Up to this many zeros of a longer run.</summary>
    internal static ReadOnlyMemory<byte> Take(long lengthBytes) => Block.AsMemory(0, (int)Math.Min(lengthBytes, Block.Length));
}
