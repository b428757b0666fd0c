using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>Marks of chunks that failed verification: which packs have any, and what to do with them when a pack comes or goes.</summary>
internal sealed class BadMarks
{
    private readonly Repository _repository;
    private readonly ILookup<PackId, string> _names;

    private BadMarks(Repository repository, IEnumerable<string> names)
    {
        _repository = repository;
        _names = names.ToLookup(name => PackId.TryParse(name.Split('-', 2)[0], out PackId pack) ? pack : default);
    }

    public static async Task<BadMarks> ListAsync(Repository repository, CancellationToken cancellationToken) =>
        new(repository, await repository.ListMarksAsync("bad/", cancellationToken));

    public bool Has(PackId pack) => _names.Contains(pack);

    /// <summary>Keeps the index from answering with the bad chunks of a pack that has just been added to it.</summary>
    public async Task QuarantineAsync(IChunkIndex index, PackId pack, CancellationToken cancellationToken)
    {
        foreach (string name in _names[pack])
        {
            BadChunksRecord? bad = await _repository.ReadRecordAsync<BadChunksRecord>(EnvelopeKind.BadChunks, $"bad/{name}", cancellationToken);
            foreach (string chunk in bad?.Chunks ?? [])
            {
                index.Quarantine(ChunkId.Parse(chunk), pack);
            }
        }
    }

    /// <summary>Removes the marks of a pack that is gone.</summary>
    public async Task RemoveAsync(PackId pack, CancellationToken cancellationToken)
    {
        foreach (string name in _names[pack])
        {
            await _repository.Store.DeleteAsync($"bad/{name}", cancellationToken);
        }
    }
}
