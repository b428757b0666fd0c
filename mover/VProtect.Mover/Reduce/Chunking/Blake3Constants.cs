namespace VProtect.Mover.Reduce.Chunking;

/// <summary>The numbers of the BLAKE3 specification (section 2), shared by the portable and the vector code.</summary>
internal static class Blake3Constants
{
    public const int ChunkLength = 1024;
    public const int BlockLength = 64;
    public const int KeyLength = 32;
    public const int HashLength = 32;

    // Chaining values and keys are eight words, blocks are sixteen.
    public const int CvWords = 8;
    public const int BlockWords = 16;
    public const int Rounds = 7;

    // Domain separation flags, table 3.
    public const uint ChunkStart = 1 << 0;
    public const uint ChunkEnd = 1 << 1;
    public const uint Parent = 1 << 2;
    public const uint Root = 1 << 3;
    public const uint KeyedHash = 1 << 4;
    public const uint DeriveKeyContext = 1 << 5;
    public const uint DeriveKeyMaterial = 1 << 6;

    // The initialisation vector of SHA-256, table 1.
    public const uint IV0 = 0x6A09E667;
    public const uint IV1 = 0xBB67AE85;
    public const uint IV2 = 0x3C6EF372;
    public const uint IV3 = 0xA54FF53A;
    public const uint IV4 = 0x510E527F;
    public const uint IV5 = 0x9B05688C;
    public const uint IV6 = 0x1F83D9AB;
    public const uint IV7 = 0x5BE0CD19;

    public static ReadOnlySpan<uint> IV => [IV0, IV1, IV2, IV3, IV4, IV5, IV6, IV7];

    /// <summary>
    /// Which message word each step of each round takes: a row of sixteen per round, each row the previous one under the
    /// permutation of table 2. Written out because a table look-up costs nothing beside the arithmetic, while permuting
    /// sixteen vectors between rounds does.
    /// </summary>
    public static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8,
        3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1,
        10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6,
        12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4,
        9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7,
        11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13,
    ];
}
