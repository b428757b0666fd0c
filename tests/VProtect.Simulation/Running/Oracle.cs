using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;
using VProtect.Testing;

namespace VProtect.Simulation.Running;

/// <summary>
/// Knows what must be true: which restore points there are, what each is made of, and which chunks lie in packs that are there. Checked
/// at every creation and removal of a point or a pack.
/// </summary>
internal sealed class Oracle : IAsyncDisposable
{
    private readonly ObjectTable _table;
    private readonly Secret? _secret;
    private readonly Dictionary<string, LivePoint> _live = new(StringComparer.Ordinal);
    private readonly Dictionary<ChunkId, int> _available = [];
    private readonly Dictionary<string, ChunkId[]> _packs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _forgotten = new(StringComparer.Ordinal);
    private readonly ChunkId[] _blockIds = new ChunkId[Blocks.Count];
    private Repository _repository;

    public Oracle(ObjectTable table, Secret? secret)
    {
        _table = table;
        _secret = secret;
        _repository = OpenRepository();
        for (int block = 1; block < Blocks.Count; block++)
        {
            _blockIds[block] = _repository.Keys.ChunkIdOf(Blocks.Of(block));
        }
    }

    /// <summary>What went wrong first, or null.</summary>
    public string? Violation { get; private set; }

    public int PointCount => _live.Count;

    public int PointsCommitted { get; private set; }

    public bool IsLive(string point) => _live.ContainsKey(point);

    public bool IsForgotten(string point) => _forgotten.Contains(point);

    public int[] BlocksOf(string point) => _live[point].Blocks;

    /// <summary>An object has been created by a process that backs up these blocks (null when it backs up nothing).</summary>
    public void OnCreated(string key, int[]? backedUp)
    {
        string name = key[(key.LastIndexOf('/') + 1)..];
        if (key.StartsWith("packs/", StringComparison.Ordinal))
        {
            AddPack(key);
        }
        else if (key.StartsWith("forgotten/", StringComparison.Ordinal))
        {
            _forgotten.Add(name);
        }
        else if (key.StartsWith("keys/ring/", StringComparison.Ordinal))
        {
            _repository = OpenRepository();
        }
        else if (key.StartsWith("points/", StringComparison.Ordinal) && Envelope.KindOf(_table.Find(key)!) == EnvelopeKind.RestorePoint)
        {
            AddPoint(name, backedUp);
        }
    }

    public void OnRemoved(string key)
    {
        string name = key[(key.LastIndexOf('/') + 1)..];
        if (key.StartsWith("points/", StringComparison.Ordinal) && _live.Remove(name) && !_forgotten.Contains(name))
        {
            Note($"restore point {name} was removed though nobody had forgotten it");
        }
        else if (_packs.Remove(key, out ChunkId[]? chunks))
        {
            foreach (ChunkId chunk in chunks)
            {
                _available[chunk]--;
            }

            foreach ((string id, LivePoint point) in _live)
            {
                Check(id, point, $"after {key} was removed");
            }
        }
    }

    /// <summary>When nobody is at work and collection has ended: packs that hold nothing needed.</summary>
    public IEnumerable<string> Garbage()
    {
        HashSet<ChunkId> needed = [.. _live.Values.SelectMany(point => point.Needs)];
        return _table.List("packs/", lag: 0, Random.Shared).Select(item => item.Key)
            .Where(key => !_packs.TryGetValue(key, out ChunkId[]? chunks) || !chunks.Any(needed.Contains));
    }

    /// <summary>Restores every point from what is in the store now and compares all bytes. Not on the simulation's scheduler: nothing waits.</summary>
    public async Task CompareAllAsync()
    {
        await using var index = new MemoryChunkIndex();
        using var chunks = new ChunkStore(_repository, index);
        foreach ((string id, LivePoint expected) in _live)
        {
            RestorePoint? point = await _repository.ReadPointAsync(id, CancellationToken.None);
            byte[] content = Blocks.ContentOf(expected.Blocks);
            await using var target = new MemoryDisk(new byte[content.Length]);
            try
            {
                await new RestorePipeline(chunks, new RestoreOptions { Workers = 1 }, new RestoreCounters())
                    .RunAsync(point!.Disks[0], target, differential: false, CancellationToken.None);
            }
            catch (IntegrityException e)
            {
                Note($"restore point {id} cannot be restored: {e.Message}");
                continue;
            }

            if (!target.Content.AsSpan().SequenceEqual(content))
            {
                Note($"restore point {id} restores other bytes than were backed up");
            }
        }
    }

    /// <summary>A pack in a few words: its size, and whether it can be read.</summary>
    public string Describe(string key) => $"{_table.Find(key)?.Length} bytes, {(_packs.TryGetValue(key, out ChunkId[]? chunks) ? $"{chunks.Length} records" : "torn")}";

    public void Note(string violation) => Violation ??= violation;

    private void AddPoint(string id, int[]? blocks)
    {
        if (blocks is null)
        {
            Note($"restore point {id} was created by somebody who backs up nothing");
            return;
        }

        PointsCommitted++;
        RestorePoint point = Now(_repository.ReadPointAsync(id, CancellationToken.None))!;
        var needs = new HashSet<ChunkId>(blocks.Where(block => block != 0).Select(block => _blockIds[block]));
        if (!point.Disks[0].Root.IsZero)
        {
            needs.Add(point.Disks[0].Root);
        }

        var live = new LivePoint(blocks, [.. needs]);
        _live.Add(id, live);
        Check(id, live, "when it was committed");
    }

    private void AddPack(string key)
    {
        if (!PackFormat.TryParseKey(key, out PackId pack))
        {
            Note($"'{key}' is no name of a pack");
            return;
        }

        try
        {
            PackFooter footer = Now(_repository.Packs.ReadFooterAsync(pack, _table.Find(key)!.Length, CancellationToken.None).AsTask())!;
            ChunkId[] chunks = [.. footer.Entries.Select(entry => entry.Record.Id)];
            _packs.Add(key, chunks);
            foreach (ChunkId chunk in chunks)
            {
                _available[chunk] = _available.GetValueOrDefault(chunk) + 1;
            }
        }
        catch (IntegrityException)
        {
            // Torn: nothing in it counts.
        }
    }

    private void Check(string id, LivePoint point, string when)
    {
        foreach (ChunkId chunk in point.Needs)
        {
            if (_available.GetValueOrDefault(chunk) <= 0)
            {
                Note(string.Create(CultureInfo.InvariantCulture, $"restore point {id} needs chunk {chunk.ToString()[..8]}, which lies in no pack {when}"));
                return;
            }
        }
    }

    private Repository OpenRepository() => Now(Repository.OpenAsync(new TableStore(_table), _secret, TimeProvider.System, CancellationToken.None));

    /// <summary>On the table itself nothing waits.</summary>
    private static T Now<T>(Task<T> task) => task.GetAwaiter().GetResult();

    public ValueTask DisposeAsync() => _repository.DisposeAsync();

    private sealed record LivePoint(int[] Blocks, ChunkId[] Needs);
}
