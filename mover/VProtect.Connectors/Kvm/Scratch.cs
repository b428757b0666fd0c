using VProtect.Abstractions;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// The files that take what the guest overwrites while it is backed up: qcow2, so they begin with nothing and grow to the allocated size of the disk at most. A guest
/// write that found them full would fail; so there must be room to begin with, and the backup is given up while some is left.
/// </summary>
internal sealed class Scratch
{
    /// <summary>Part of the allocated size that must be free to begin: what guests rewrite during a backup is seldom a tenth.</summary>
    private const int FreePartMin = 10;

    private static readonly TimeSpan LocalPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RemotePeriod = TimeSpan.FromSeconds(10);

    private readonly KvmPlatform _platform;

    private Scratch(KvmPlatform platform, IReadOnlyDictionary<string, string> paths)
    {
        _platform = platform;
        Paths = paths;
    }

    /// <summary>The files, by disk; made by QEMU.</summary>
    internal IReadOnlyDictionary<string, string> Paths { get; }

    /// <summary>Where such files can lie, for a machine's disks.</summary>
    internal static string DirectoryOf(KvmOptions options, string? imagePath) =>
        options.ScratchDirectory
        ?? (imagePath is null || imagePath.StartsWith("/dev/", StringComparison.Ordinal) ? "/var/lib/libvirt/images" : Path.GetDirectoryName(imagePath)!);

    /// <summary>Gives each disk its file's name and looks for room.</summary>
    /// <exception cref="VProtectException">There is not enough.</exception>
    internal static async Task<Scratch> PlanAsync(
        KvmPlatform platform, string mark, IReadOnlyList<PlannedDisk> disks, CancellationToken cancellationToken)
    {
        foreach (IGrouping<string, PlannedDisk> group in disks.GroupBy(disk => DirectoryOf(platform.Options, disk.Path)))
        {
            long neededBytes = platform.Options.ScratchReserveBytes + (group.Sum(disk => disk.AllocatedBytes) / FreePartMin);
            if (await platform.Host.GetFreeSpaceAsync(group.Key, cancellationToken) is { } freeBytes && freeBytes < neededBytes)
            {
                throw Errors.Of(
                    ErrorCode.PlatformFailed,
                    $"'{group.Key}' has {freeBytes >> 20} MiB free, and {neededBytes >> 20} MiB are needed for what the guest overwrites during the backup.",
                    "Free space there, or name another directory in the host's setting scratchDirectory.",
                    RetryAdvice.Later);
            }
        }

        return new Scratch(
            platform,
            disks.ToDictionary(
                disk => disk.Disk.Target,
                disk => Path.Join(DirectoryOf(platform.Options, disk.Path), $"{mark}-{disk.Disk.Target}.scratch"),
                StringComparer.Ordinal));
    }

    /// <summary>Looks until there is too little room, or until cancelled.</summary>
    /// <returns>What to tell the administrator; null when cancelled.</returns>
    internal async Task<string?> WatchAsync(CancellationToken cancellationToken)
    {
        string[] directories = [.. Paths.Values.Select(path => Path.GetDirectoryName(path)!).Distinct()];
        try
        {
            while (true)
            {
                await Task.Delay(_platform.Host.IsLocal ? LocalPeriod : RemotePeriod, cancellationToken);
                foreach (string directory in directories)
                {
                    if (await _platform.Host.GetFreeSpaceAsync(directory, cancellationToken) is { } freeBytes
                        && freeBytes < _platform.Options.ScratchReserveBytes)
                    {
                        return $"The backup was given up because '{directory}' has only {freeBytes >> 20} MiB left for what the guest overwrites; the guest must not wait. "
                            + "Free space there, or name another directory in the host's setting scratchDirectory.";
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (VProtectException)
        {
            // The host is not reached; whoever reads the disks notices as well.
            return null;
        }
    }

    /// <returns>Why they could not be removed, or null.</returns>
    internal Task<string?> RemoveAsync(CancellationToken cancellationToken) => _platform.Host.RemoveAsync([.. Paths.Values], cancellationToken);
}
