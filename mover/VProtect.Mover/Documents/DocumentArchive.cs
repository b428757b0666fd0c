using System.Formats.Tar;
using VProtect.Abstractions;

namespace VProtect.Mover.Documents;

/// <summary>
/// The documents of a restore point as a POSIX tar (FORMAT.md section 2.4, <em>Documents</em>): what writes it and what reads it. The same
/// documents give the same bytes, so that a machine whose definition has not changed stores nothing.
/// </summary>
public static class DocumentArchive
{
    /// <summary>Name of the reserved disk that holds it. Names of disks that begin with <c>@</c> are ours.</summary>
    public const string DiskName = "@documents";

    /// <summary>Content of all documents of a restore point at most.</summary>
    public const int ContentBytesMax = 16 << 20;

    /// <summary>Documents of a restore point at most.</summary>
    public const int CountMax = 1024;

    /// <summary>Bytes of the whole archive at most: content, and for each document the headers of a pax entry with a name and type of any length allowed.</summary>
    internal const int ArchiveBytesMax = ContentBytesMax + (CountMax * 4096) + 10240;

    private const int TextCharsMax = 255;
    private const string MediaTypeAttribute = "VPROTECT.mediatype";
    private const string OctetStream = "application/octet-stream";

    /// <summary>Writes documents.</summary>
    /// <returns>The archive: a multiple of 512 bytes.</returns>
    /// <exception cref="VProtectException">There are too many, they are too large together, or a name cannot be kept; it is named.</exception>
    public static byte[] Write(IReadOnlyList<PointDocument> documents)
    {
        long contentBytes = documents.Sum(document => (long)document.Content.Length);
        if (documents.Count > CountMax || contentBytes > ContentBytesMax)
        {
            throw Refused($"The machine has {Quantity.Of(documents.Count, "document")} of {contentBytes} bytes; {CountMax} of {ContentBytesMax} bytes together can be kept.");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (PointDocument document in documents)
            {
                if (!IsName(document.Name) || !IsText(document.MediaType) || !names.Add(document.Name))
                {
                    throw Refused($"A document of the machine cannot be kept under the name '{document.Name}' and type '{document.MediaType}'.");
                }

                writer.WriteEntry(ToEntry(document));
            }
        }

        return stream.ToArray();
    }

    /// <summary>Reads documents. Whatever is not as <see cref="Write"/> could have made it is refused.</summary>
    /// <exception cref="IntegrityException">It is not such an archive.</exception>
    public static IReadOnlyList<PointDocument> Read(byte[] archive)
    {
        if (archive.Length > ArchiveBytesMax)
        {
            throw Damaged($"it has {archive.Length} bytes");
        }

        try
        {
            return ReadEntries(archive);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
            throw Damaged(e.Message, e);
        }
    }

    private static PaxTarEntry ToEntry(PointDocument document)
    {
        // No time and no owner: neither is the document's.
        var attributes = new Dictionary<string, string> { [MediaTypeAttribute] = document.MediaType, ["atime"] = "0", ["ctime"] = "0" };
        return new PaxTarEntry(TarEntryType.RegularFile, document.Name, attributes)
        {
            DataStream = new MemoryStream(document.Content.ToArray(), writable: false),
            ModificationTime = DateTimeOffset.UnixEpoch,
            Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
    }

    private static List<PointDocument> ReadEntries(byte[] archive)
    {
        var documents = new List<PointDocument>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long contentBytes = 0;
        using var reader = new TarReader(new MemoryStream(archive, writable: false));
        while (reader.GetNextEntry() is { } entry)
        {
            contentBytes += entry.Length;
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
            {
                throw Damaged($"'{entry.Name}' is a {entry.EntryType} and not a file");
            }

            if (documents.Count == CountMax || contentBytes > ContentBytesMax)
            {
                throw Damaged("there is more in it than can be");
            }

            if (!IsName(entry.Name) || !names.Add(entry.Name))
            {
                throw Damaged("a name in it cannot be");
            }

            byte[] content = new byte[entry.Length];
            entry.DataStream?.ReadExactly(content);
            string? mediaType = (entry as PaxTarEntry)?.ExtendedAttributes.GetValueOrDefault(MediaTypeAttribute);
            documents.Add(new PointDocument(entry.Name, mediaType is not null && IsText(mediaType) ? mediaType : OctetStream, content));
        }

        return documents;
    }

    private static bool IsName(string name) =>
        IsText(name) && !name.Contains('\\') && name.Split('/').All(segment => segment is not ("" or "." or ".."));

    private static bool IsText(string text) => text.Length is > 0 and <= TextCharsMax && !text.Any(char.IsControl);

    private static VProtectException Refused(string message) => new(
        ErrorCode.InvalidArgument, ErrorSide.Platform, message, "This is a fault of the platform's connector: report it.");

    private static IntegrityException Damaged(string reason, Exception? inner = null) =>
        new($"The documents of the restore point cannot be read: {reason}.", inner: inner);
}
