namespace VProtect.Nbd;

/// <summary>A run of bytes with one status in one metadata context.</summary>
/// <param name="OffsetBytes">Where it begins in the export, in bytes.</param>
/// <param name="LengthBytes">How long it is, in bytes; never zero.</param>
/// <param name="Flags">The context's status bits, see <see cref="NbdMetaContext"/>.</param>
public readonly record struct NbdExtent(long OffsetBytes, long LengthBytes, uint Flags)
{
    /// <summary>The first byte behind it.</summary>
    public long EndBytes => OffsetBytes + LengthBytes;
}
