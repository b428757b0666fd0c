using System.Text;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.View.Files;

namespace VProtect.Node.Execution.GuestFiles;

/// <summary>Something that is to be in the machine.</summary>
/// <param name="Source">Its path in the backup, as listings write it.</param>
/// <param name="Folder">Where it goes: the absolute path of a folder, byte by byte, without a slash at its end.</param>
/// <param name="Name">Its name there.</param>
/// <param name="File">What it is.</param>
internal sealed record PlannedFile(string Source, byte[] Folder, byte[] Name, GuestFile File)
{
    /// <summary>Its path in the machine.</summary>
    public byte[] Path => GuestFilePlan.Join(Folder, Name);
}

/// <summary>
/// What is to be written and where, folders before what is in them. Names are bytes, and come from a reader of hostile file systems: none may lead elsewhere.
/// Memory: some 500 bytes for each entry, of which there are <see cref="EntriesMax"/> at most.
/// </summary>
internal sealed class GuestFilePlan
{
    /// <summary>Files and folders in one restore.</summary>
    public const int EntriesMax = 200_000;

    /// <summary>Bytes of a file. Sizes are hearsay, and are added up.</summary>
    private const long FileBytesMax = 16L << 40;

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private GuestFilePlan()
    {
    }

    /// <summary>Everything.</summary>
    public List<PlannedFile> Entries { get; } = [];

    /// <summary>Bytes of content.</summary>
    public long TotalBytes => Entries.Where(entry => entry.File.Kind == GuestFileKind.File).Sum(entry => entry.File.SizeBytes);

    /// <summary>Looks at the backup.</summary>
    /// <param name="files">The mount's files.</param>
    /// <param name="work">What is asked for.</param>
    /// <param name="places">Where the volume's folders are in the machine: the folder that is given, or the mount points of the file system.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<GuestFilePlan> MakeAsync(IGuestFiles files, RestoreIntoGuestWork work, IReadOnlyList<GuestPlace> places, CancellationToken cancellationToken)
    {
        var plan = new GuestFilePlan();
        foreach (string path in work.Paths)
        {
            List<byte[]> parts = PartsOf(path);
            GuestPlace place = work.Folder is not null ? places[0] : GuestPlace.Of(places, parts) ?? throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"The machine has no place for {path}: the part of the file system that it is in is not mounted there.",
                "Name a folder of the machine that receives it.");
            byte[] folder = place.Target;
            if (work.Folder is null)
            {
                // Folders on the way, as far as the machine lacks them.
                for (int i = place.Depth; i < parts.Count - 1; i++)
                {
                    string above = Show(parts.Take(i + 1));
                    GuestFile file = await files.FindAsync(work.Volume, above, cancellationToken);
                    plan.Add(new PlannedFile(above, folder, parts[i], file));
                    folder = Join(folder, parts[i]);
                }
            }

            await plan.AddRootAsync(files, work.Volume, path, folder, parts.Count > (work.Folder is null ? place.Depth : 0) ? parts[^1] : null, cancellationToken);
        }

        return plan;
    }

    /// <summary>A path of a file in a folder.</summary>
    public static byte[] Join(byte[] folder, byte[] name) => folder is [.., (byte)'/'] ? [.. folder, .. name] : [.. folder, (byte)'/', .. name];

    /// <summary>The names on a path.</summary>
    /// <exception cref="VProtectException">It is no path that can be written.</exception>
    public static List<byte[]> PartsOf(string path)
    {
        byte[] bytes;
        try
        {
            bytes = GuestPath.Parse(path);
        }
        catch (FormatException exception)
        {
            throw Unfit(path, exception.Message);
        }

        List<byte[]> parts = [];
        foreach (Range range in bytes.AsSpan().Split((byte)'/'))
        {
            byte[] part = bytes[range];
            if (part.AsSpan().SequenceEqual("."u8) || part.AsSpan().SequenceEqual(".."u8))
            {
                throw Unfit(path, "it leads elsewhere.");
            }

            if (part.Length > 0)
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    private async Task AddRootAsync(IGuestFiles files, string volume, string path, byte[] folder, byte[]? name, CancellationToken cancellationToken)
    {
        GuestFile root = await files.FindAsync(volume, path, cancellationToken);
        if (name is not null)
        {
            Add(new PlannedFile(path, folder, name, root));
            folder = Join(folder, name);
        }

        if (root.Kind != GuestFileKind.Folder)
        {
            return;
        }

        (IReadOnlyList<GuestFile> below, bool hasMore) = await files.WalkAsync(volume, path, "", EntriesMax - Entries.Count, cancellationToken);
        if (hasMore)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"There are more than {EntriesMax} files and folders.", "Restore them in several parts, or restore the disk.");
        }

        foreach (GuestFile file in below)
        {
            List<byte[]> parts = PartsOf(file.Name);
            if (parts.Count == 0)
            {
                throw Unfit(file.Name, "it is empty.");
            }

            Add(new PlannedFile($"{path.TrimEnd('/')}/{file.Name}", parts.SkipLast(1).Aggregate(folder, Join), parts[^1], file));
        }
    }

    private void Add(PlannedFile file)
    {
        if (file.File.SizeBytes > FileBytesMax)
        {
            throw Unfit(file.Source, "it is said to have more than 16 TiB.");
        }

        // A folder that was chosen twice, or on the way to several.
        if (_known.Add(Encoding.Latin1.GetString(file.Path)))
        {
            Entries.Add(file);
        }
    }

    private static string Show(IEnumerable<byte[]> parts) => string.Concat(parts.Select(part => "/" + GuestPath.Show(part)));

    private static VProtectException Unfit(string path, string reason) => new(
        ErrorCode.InvalidArgument, ErrorSide.Request, $"{path} cannot be written in a machine: {reason}", "Take paths as listings write them.");
}

/// <summary>Where a file system, or a part of it, is in the machine.</summary>
/// <param name="Root">The folder of the file system that is seen there.</param>
/// <param name="Target">Where: an absolute path, byte by byte.</param>
internal sealed record GuestPlace(IReadOnlyList<byte[]> Root, byte[] Target)
{
    /// <summary>Names on the way to what is seen there.</summary>
    public int Depth => Root.Count;

    /// <summary>The place of a path; of several the one that is nearest. Null for none.</summary>
    public static GuestPlace? Of(IEnumerable<GuestPlace> places, List<byte[]> parts) => places
        .Where(place => place.Depth <= parts.Count && place.Root.Index().All(root => root.Item.AsSpan().SequenceEqual(parts[root.Index])))
        .MaxBy(place => place.Depth);
}
