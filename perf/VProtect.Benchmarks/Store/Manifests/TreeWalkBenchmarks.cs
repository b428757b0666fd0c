using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using VProtect.Abstractions;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Benchmarks.Store.Manifests;

/// <summary>Walking and writing the manifest of 65,536 chunks (4 GiB of disk at 64 KiB), its nodes in memory.</summary>
public class TreeWalkBenchmarks
{
    private const int ChunkCount = 65_536;
    private readonly NodeMemory _nodes = new();
    private readonly ChunkId[] _ids = new ChunkId[ChunkCount];
    private ChunkId _root;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        for (int i = 0; i < ChunkCount; i++)
        {
            _ids[i] = new ChunkId(SHA256.HashData(BitConverter.GetBytes(i)));
        }

        _root = await Write();
    }

    [Benchmark(OperationsPerInvoke = ChunkCount)]
    public async Task<int> Walk()
    {
        int count = 0;
        await foreach (TreeChunk chunk in TreeReader.WalkAsync(_nodes, _root, ChunkCount, leavesAhead: 0, CancellationToken.None))
        {
            count += chunk.Id.IsZero ? 0 : 1;
        }

        return count;
    }

    [Benchmark(OperationsPerInvoke = ChunkCount)]
    public async Task<ChunkId> Write()
    {
        var tree = new TreeWriter(_nodes, _nodes, ChunkCount, ChunkId.Zero, rebuildsDamaged: false);
        for (int i = 0; i < ChunkCount; i++)
        {
            await tree.SetAsync(i, _ids[i], CancellationToken.None);
        }

        return await tree.CompleteAsync(ChunkCount, CancellationToken.None);
    }

    private sealed class NodeMemory : INodeReader, INodeWriter
    {
        private readonly Dictionary<ChunkId, byte[]> _nodes = [];

        public ValueTask ReadNodeAsync(ChunkId id, int level, Memory<ChunkId> slots, CancellationToken cancellationToken)
        {
            TreeNode.TryDecode(_nodes[id], level, slots.Span);
            return ValueTask.CompletedTask;
        }

        public ValueTask<ChunkId> WriteNodeAsync(ReadOnlyMemory<byte> node, CancellationToken cancellationToken)
        {
            var id = new ChunkId(SHA256.HashData(node.Span));
            if (!_nodes.ContainsKey(id))
            {
                _nodes[id] = node.ToArray();
            }

            return new ValueTask<ChunkId>(id);
        }
    }
}
