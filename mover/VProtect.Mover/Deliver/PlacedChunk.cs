using VProtect.Abstractions;

namespace VProtect.Mover.Deliver;

/// <summary>A chunk of a disk and where it lies in the repository.</summary>
internal readonly record struct PlacedChunk(long Chunk, ChunkId Id, ChunkLocation Location);
