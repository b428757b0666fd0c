using System.IO.Compression;
using VProtect.Abstractions;

namespace VProtect.Server.Api.Mounts;

/// <summary>
/// Files of a guest as an archive, written while they are read. Names in it lead nowhere but below the place it is unpacked to, whatever the guest called its files; links are
/// left out, and so is what is no file.
/// </summary>
internal static class GuestArchive
{
    private const int EntriesMax = 1_000_000;

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
            await AddAllAsync(zip, files, volume, roots, cancellationToken);
        }

        await gathering.FlushAsync(cancellationToken);
    }

    private static async Task AddAllAsync(
        ZipArchive zip, IGuestFiles files, string volume, IReadOnlyList<(string Path, GuestFile File)> roots, CancellationToken cancellationToken)
    {
        foreach ((string path, GuestFile root) in roots)
        {
            string above = path.TrimEnd('/') is var trimmed && trimmed.LastIndexOf('/') is var slash and >= 0 ? trimmed[(slash + 1)..] : path.TrimEnd('/');
            if (root.Kind == GuestFileKind.File)
            {
                await AddAsync(zip, files, volume, path, above, root, cancellationToken);
                continue;
            }

            (IReadOnlyList<GuestFile> below, bool hasMore) = await files.WalkAsync(volume, path, "", EntriesMax, cancellationToken);
            foreach (GuestFile file in below)
            {
                string name = $"{above}/{file.Name}";
                if (file.Kind == GuestFileKind.File)
                {
                    await AddAsync(zip, files, volume, $"{path.TrimEnd('/')}/{file.Name}", name, file, cancellationToken);
                }
                else if (file.Kind == GuestFileKind.Folder)
                {
                    New(zip, Harmless(name) + "/", file, 0x4000);
                }
            }

            if (hasMore)
            {
                throw new VProtectException(
                    ErrorCode.GuestFilesRefused, ErrorSide.Request, $"The directory has more than {EntriesMax:N0} entries.", "Download parts of it, or mount its disk.");
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
