namespace VProtect.Mover.Reduce.Chunking;

/// <summary>
/// A vector of 32-bit words that hashes one BLAKE3 input per lane, and the few operations the compression needs of it.
/// A static interface, so that one kernel is written and the just-in-time compiler makes a version per width with no calls
/// left inside.
/// </summary>
/// <typeparam name="TVector">The vector type, of <see cref="Count"/> words.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Lanes, that is, inputs hashed side by side.</summary>
    static abstract int Count { get; }

    static abstract TVector Broadcast(uint value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Xor(TVector left, TVector right);

    static abstract TVector RotateRight16(TVector value);

    static abstract TVector RotateRight12(TVector value);

    static abstract TVector RotateRight8(TVector value);

    static abstract TVector RotateRight7(TVector value);

    /// <summary>
    /// Reads a quarter of a 64-byte block for each lane, from <paramref name="input"/> at <paramref name="strideBytes"/>
    /// intervals, and writes that quarter of the sixteen vectors at <paramref name="message"/>: vector i holds word i of
    /// every lane's block.
    /// </summary>
    static abstract void LoadQuarter(byte* input, nuint strideBytes, nuint quarter, TVector* message);

    /// <summary>
    /// Turns eight vectors, word i of every lane's chaining value in vector i, into <see cref="Count"/> consecutive
    /// chaining values of 32 bytes at <paramref name="output"/>.
    /// </summary>
    static abstract void StoreChainingValues(TVector* words, byte* output);
}
