using VProtect.Abstractions;
using VProtect.Mover;
using VProtect.Mover.Acquire.BlockSource;

namespace VProtect.Appliance.Cli;

/// <summary>The opened disks of a backup. Owns their sources.</summary>
internal sealed class OpenedSources : IAsyncDisposable
{
    private readonly List<BackupDisk> _disks = [];

    private OpenedSources()
    {
    }

    public IReadOnlyList<BackupDisk> Disks => _disks;

    /// <summary>Opens all, or none.</summary>
    public static async Task<OpenedSources> OpenAsync(
        IReadOnlyList<(string Name, string Source)> disks, SourceOptions options, CancellationToken cancellationToken)
    {
        var opened = new OpenedSources();
        try
        {
            foreach ((string name, string source) in disks)
            {
                IBlockSource blocks = await BlockSourceFactory.OpenAsync(source, options, cancellationToken);
                opened._disks.Add(new BackupDisk(name, blocks));
            }

            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (BackupDisk disk in _disks)
        {
            await disk.Source.DisposeAsync();
        }
    }
}
