namespace VProtect.Abstractions;

/// <summary>Where a chunk lies: what the chunk index answers and a pack footer lists.</summary>
/// <param name="Pack">The pack object that holds it.</param>
/// <param name="OffsetBytes">Offset of the chunk's record header in the pack.</param>
/// <param name="StoredBytes">Bytes of payload after the header: compressed, encrypted, with tag.</param>
/// <param name="RawBytes">Bytes of the plain chunk.</param>
public readonly record struct ChunkLocation(PackId Pack, uint OffsetBytes, uint StoredBytes, uint RawBytes);

/// <summary>One line of a pack's contents: a chunk and where it lies in that pack.</summary>
/// <param name="Id">The chunk.</param>
/// <param name="OffsetBytes">Offset of the chunk's record header in the pack.</param>
/// <param name="StoredBytes">Bytes of payload after the header: compressed, encrypted, with tag.</param>
/// <param name="RawBytes">Bytes of the plain chunk.</param>
public readonly record struct PackEntry(ChunkId Id, uint OffsetBytes, uint StoredBytes, uint RawBytes);
