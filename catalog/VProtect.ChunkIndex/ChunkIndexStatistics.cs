namespace VProtect.ChunkIndex;

/// <summary>What an index holds and uses, as of now.</summary>
/// <param name="Entries">Entries in live packs.</param>
/// <param name="Packs">Live packs.</param>
/// <param name="Records">Records in the log, those of removed packs included.</param>
/// <param name="TableBytes">Memory of the hash table with its overflow buckets.</param>
/// <param name="CacheBytes">Memory of records: the end of the log.</param>
/// <param name="LogBytes">Length of the log; most of it on disk.</param>
public readonly record struct ChunkIndexStatistics(
    long Entries, int Packs, long Records, long TableBytes, long CacheBytes, long LogBytes);
