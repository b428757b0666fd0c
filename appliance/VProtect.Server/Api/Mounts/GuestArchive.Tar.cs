using System.Formats.Tar;
using System.Globalization;
using System.Text;
using VProtect.Abstractions;

namespace VProtect.Server.Api.Mounts;

internal static partial class GuestArchive
{
    /// <summary>A tar in the format of PAX: long names, owners by number, permissions, times and links.</summary>
    /// <param name="target">Receives it; need not seek.</param>
    /// <param name="files">Whose files.</param>
    /// <param name="volume">Which volume.</param>
    /// <param name="roots">Files and folders, each with its path.</param>
    /// <param name="cancellationToken">Gives up: the archive then has no end.</param>
    public static async Task WriteTarAsync(
        Stream target, IGuestFiles files, string volume, IReadOnlyList<(string Path, GuestFile File)> roots, CancellationToken cancellationToken)
    {
        var tar = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        var folders = new HashSet<string>(StringComparer.Ordinal) { "" };
        var others = new HashSet<string>(StringComparer.Ordinal);
        var links = new List<(string Name, GuestFile File)>();
        await foreach ((string path, string shown, GuestFile file) in EntriesAsync(files, volume, roots, cancellationToken))
        {
            string name = Relative(shown);
            switch (file.Kind)
            {
                case GuestFileKind.Folder:
                    folders.Add(name);
                    await tar.WriteEntryAsync(Entry(TarEntryType.Directory, name, file), cancellationToken);
                    break;
                case GuestFileKind.File:
                    others.Add(name);
                    PaxTarEntry entry = Entry(TarEntryType.RegularFile, name, file);
                    await using (entry.DataStream = new GuestFileStream(files, volume, path, file.SizeBytes))
                    {
                        await tar.WriteEntryAsync(entry, cancellationToken);
                    }

                    break;
                case GuestFileKind.Link:
                    links.Add((name, file));
                    break;
                default:
                    break;
            }
        }

        foreach ((string name, GuestFile link) in links)
        {
            // A folder that is a link as well, or a link in one, is a lie: no file system has it.
            if (folders.Contains(name[..Math.Max(0, name.LastIndexOf('/'))]) && !folders.Contains(name) && others.Add(name) && BytesAsText(link.Target!) is { Length: > 0 } leadsTo)
            {
                PaxTarEntry entry = Entry(TarEntryType.SymbolicLink, name, link);
                entry.LinkName = leadsTo;
                await tar.WriteEntryAsync(entry, cancellationToken);
            }
        }

        // Not when it failed: it writes the end.
        await tar.DisposeAsync();
    }

    private static PaxTarEntry Entry(TarEntryType type, string name, GuestFile file) => new(type, name)
    {
        Mode = (UnixFileMode)(file.Mode & 0xFFF),
        Uid = Owner(file.UserId),
        Gid = Owner(file.GroupId),
        ModificationTime = file.ModifiedAt,
    };

    /// <summary>.NET has no numbers beyond: they become nobody's.</summary>
    private static int Owner(uint id) => id <= int.MaxValue ? (int)id : Nobody;

    private static string Relative(string shown) => string.Join(
        '/', shown.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => BytesAsText(part) is var name && name is "." or ".." || name.Contains('/') ? "_" : name));

    /// <summary>The text that a name is, where it is one: in a tar it need not be fit to be shown.</summary>
    private static string BytesAsText(string shown)
    {
        if (!shown.Contains('\\'))
        {
            return shown;
        }

        var bytes = new List<byte>(shown.Length);
        for (int i = 0; i < shown.Length; i++)
        {
            if (shown[i] == '\\' && i + 3 < shown.Length && shown[i + 1] == 'x'
                && byte.TryParse(shown.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                bytes.Add(value);
                i += 3;
                continue;
            }

            int length = char.IsHighSurrogate(shown[i]) && i + 1 < shown.Length ? 2 : 1;
            bytes.AddRange(Encoding.UTF8.GetBytes(shown.Substring(i, length)));
            i += length - 1;
        }

        try
        {
            string text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString([.. bytes]);
            return text.Contains('\0') ? shown : text;
        }
        catch (DecoderFallbackException)
        {
            return shown;
        }
    }
}
