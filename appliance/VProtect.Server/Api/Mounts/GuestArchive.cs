using System.IO.Compression;
using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Server.Api.Mounts;

/// <summary>
/// Files of a guest as an archive, written while they are read. Names in it lead nowhere but below the place it is unpacked to, whatever the guest called its files. A zip has
/// neither links nor what is no file; a tar has links, last, so that nothing is unpacked through one.
/// </summary>
internal static partial class GuestArchive
{
    private const int EntriesMax = 1_000_000;

    private const int Nobody = 65534;

    private static readonly DateTimeOffset ZipTimeMin = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset ZipTimeMax = new(2107, 12, 31, 0, 0, 0, TimeSpan.Zero);

    /// <param name="target">Receives it; need not seek.</param>
    /// <param name="files">Whose files.</param>
    /// <param name="volume">Which volume.</param>
    /// <param name="roots">Files and folders, each with its path.</param>
    /// <param name="cancellationToken">Gives up: the archive then has no end.</param>
    public static async Task WriteZipAsync(
        Stream target, IGuestFiles files, string volume, IReadOnlyList<(string Path, GuestFile File)> roots, CancellationToken cancellationToken)
    {
        var gathering = new GatheringStream(target);
        await using (ZipArchive zip = await ZipArchive.CreateAsync(gathering, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken))
        {
            await foreach ((string path, string name, GuestFile file) in EntriesAsync(files, volume, roots, cancellationToken))
            {
                if (file.Kind == GuestFileKind.File)
                {
                    await AddAsync(zip, files, volume, path, name, file, cancellationToken);
                }
                else if (file.Kind == GuestFileKind.Folder)
                {
                    New(zip, Harmless(name) + "/", file, 0x4000);
                }
            }
        }

        await gathering.FlushAsync(cancellationToken);
    }

    /// <summary>What goes into an archive: where it is, what it is called there, and what it is.</summary>
    private static async IAsyncEnumerable<(string Path, string Name, GuestFile File)> EntriesAsync(
        IGuestFiles files, string volume, IReadOnlyList<(string Path, GuestFile File)> roots, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach ((string path, GuestFile root) in roots)
        {
            string trimmed = path.TrimEnd('/');
            string above = trimmed[(trimmed.LastIndexOf('/') + 1)..];
            if (root.Kind != GuestFileKind.Folder || above.Length > 0)
            {
                yield return (path, above, root);
            }

            if (root.Kind != GuestFileKind.Folder)
            {
                continue;
            }

            (IReadOnlyList<GuestFile> below, bool hasMore) = await files.WalkAsync(volume, path, "", EntriesMax, cancellationToken);
            if (hasMore)
            {
                throw new VProtectException(
                    ErrorCode.GuestFilesRefused, ErrorSide.Request, $"The directory has more than {EntriesMax:N0} entries.", "Download parts of it, or mount its disk.");
            }

            foreach (GuestFile file in below)
            {
                yield return ($"{trimmed}/{file.Name}", $"{above}/{file.Name}", file);
            }
        }
    }

    private static async Task AddAsync(
        ZipArchive zip, IGuestFiles files, string volume, string path, string name, GuestFile file, CancellationToken cancellationToken)
    {
        ZipArchiveEntry entry = New(zip, Harmless(name), file, 0x8000);
        await using Stream content = await entry.OpenAsync(cancellationToken);
        await files.ReadAsync(volume, path, 0, file.SizeBytes, bytes => content.WriteAsync(bytes, cancellationToken), cancellationToken);
    }

    private static ZipArchiveEntry New(ZipArchive zip, string name, GuestFile file, int kind)
    {
        ZipArchiveEntry entry = zip.CreateEntry(name, CompressionLevel.Fastest);
        entry.LastWriteTime = file.ModifiedAt < ZipTimeMin ? ZipTimeMin : file.ModifiedAt > ZipTimeMax ? ZipTimeMax : file.ModifiedAt;
        entry.ExternalAttributes = (kind | (file.Mode & 0x1FF)) << 16;
        return entry;
    }

    private static string Harmless(string name) => string.Join(
        '/',
        name.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => part is "." or ".." ? "_" : part.Replace('\\', '_').Replace(':', '_')));
}
