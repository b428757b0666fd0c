namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// Says of a fingerprint that it was never put into the table, or that it may have been: a Bloom filter of four bits in one word. At 8 bits
/// a fingerprint it errs for one in twenty. Spares a ledger that is being filled from reading a page for each new id.
/// </summary>
internal sealed class SeenFilter(long bytesMax)
{
    private readonly ulong[] _words = new ulong[Math.Clamp(bytesMax / sizeof(ulong), 1, Array.MaxLength)];

    public void Add(ulong fingerprint) => _words[WordOf(fingerprint)] |= BitsOf(fingerprint);

    public bool MayContain(ulong fingerprint)
    {
        ulong bits = BitsOf(fingerprint);
        return (_words[WordOf(fingerprint)] & bits) == bits;
    }

    // The word follows from the top bits, so that filling in order touches memory in order; the bits from the low ones.
    private ulong WordOf(ulong fingerprint) => Math.BigMul(fingerprint, (ulong)_words.Length, out _);

    private static ulong BitsOf(ulong fingerprint) =>
        (1UL << (int)(fingerprint & 63)) | (1UL << (int)((fingerprint >> 6) & 63))
        | (1UL << (int)((fingerprint >> 12) & 63)) | (1UL << (int)((fingerprint >> 18) & 63));
}
