using System.Globalization;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Mounts;

/// <summary>
/// The files of mounted backups, read-only. A person looks and takes what is needed: no task is made. Who looked where and took what is in the audit log, before the first byte
/// goes out.
/// </summary>
internal static class MountedFilesApi
{
    private const string Kind = "mounted-file-systems";
    private const string TarZst = "tar.zst";
    private const string TarZstType = "application/zstd";
    private const int FoundMax = 1000;
    internal const int PathLengthMax = 3 * 4096;
    internal const int PathsMax = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder files = api.MapGroup("/mounted-file-systems").WithTags("mounts");
        files.MapGet("/detailed", FileSystemsAsync).Describe("Lists file systems of mounted backups, or, as they are now, of one.", Permission.BackupsRead, 400, 404, 422);
        files.MapPost("/{guid:guid}/unlock", UnlockAsync).Describe("Unlocks an encrypted volume; list the file systems again to find what is in it.", Permission.BackupsFiles, 400, 404, 422);
        files.MapPost("/{guid:guid}/listing", ListAsync).Describe("Lists a directory of a mounted file system, directories first.", Permission.BackupsFiles, 400, 404, 422);
        files.MapPost("/{guid:guid}/search", SearchAsync).Describe($"Finds files by name below a directory; {FoundMax} at most, and the header X-More tells whether there are more.", Permission.BackupsFiles, 400, 404, 422);
        files.MapGet("/{guid:guid}/content", ContentAsync).Describe("Reads a file, or a range of it.", Permission.BackupsFiles, 400, 404, 422)
            .Produces<Stream>(StatusCodes.Status200OK, MediaTypeNames.Application.Octet).Produces<Stream>(StatusCodes.Status206PartialContent, MediaTypeNames.Application.Octet);
        files.MapPost("/{guid:guid}/download", DownloadAsync).Describe("Downloads a file as it is; a directory, or several files and directories, as an archive: zip, or with format=tar.zst a tar that keeps owners, permissions, times and links. With a format, one file is an archive too.", Permission.BackupsFiles, 400, 404, 422)
            .Produces<Stream>(StatusCodes.Status200OK, MediaTypeNames.Application.Octet, MediaTypeNames.Application.Zip, TarZstType);
        files.MapGet("/{guid:guid}/archive", ArchiveAsync).Describe("Downloads files and directories as an archive, zip or with format=tar.zst that, by a link that a browser follows.", Permission.BackupsFiles, 400, 404, 422)
            .Produces<Stream>(StatusCodes.Status200OK, MediaTypeNames.Application.Zip, TarZstType);
    }

    private static async Task<Ok<List<MountedFileSystemView>>> FileSystemsAsync(
        [FromQuery(Name = "mounted-backup")] Guid? mount, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        if (mount is { } guid)
        {
            await RefreshAsync(guid, context, catalog, cancellationToken);
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<MountedFileSystem> page = await session.MountedFileSystems.ListAsync(mount, list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, ViewOf);
    }

    private static async Task<NoContent> UnlockAsync(Guid guid, UnlockRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        string phrase = InvalidFieldException.RequireExact("passPhrase", request.PassPhrase, lengthMax: 1024);
        (IGuestFiles files, MountedFileSystem volume) = await OpenAsync(guid, context, catalog, "files.unlock", path: null, cancellationToken);
        await files.UnlockAsync(volume.MountPath!, phrase, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<List<MountedEntryView>>> ListAsync(
        Guid guid, MountedPathRequest request, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        string path = InvalidFieldException.RequireExact("path", request.Path, PathLengthMax);
        ListQuery query = list.ToQuery();
        (IGuestFiles files, MountedFileSystem volume) = await OpenAsync(guid, context, catalog, "files.list", path, cancellationToken);
        List<GuestFile> found =
        [
            .. (await files.ListAsync(volume.MountPath!, path, cancellationToken))
                .Where(file => query.Filter is null || file.Name.Contains(query.Filter, StringComparison.OrdinalIgnoreCase))
                .OrderByDescending(file => file.Kind == GuestFileKind.Folder).ThenBy(file => file.Name, StringComparer.Ordinal),
        ];
        context.Response.Headers["X-Total-Count"] = found.Count.ToString(CultureInfo.InvariantCulture);
        int size = list.Size is null && list.Page is null ? found.Count : query.Size;
        return TypedResults.Ok(found.Skip(query.Page * size).Take(size).Select(file => MountedEntryView.Of(file, path)).ToList());
    }

    private static async Task<Ok<List<MountedEntryView>>> SearchAsync(
        Guid guid, MountedPathRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        string path = request.Path is null ? "/" : InvalidFieldException.RequireExact("path", request.Path, PathLengthMax);
        string name = InvalidFieldException.RequireExact("name", request.Name, lengthMax: 255);
        (IGuestFiles files, MountedFileSystem volume) = await OpenAsync(guid, context, catalog, "files.search", path, cancellationToken);
        (IReadOnlyList<GuestFile> found, bool hasMore) = await files.WalkAsync(volume.MountPath!, path, name, FoundMax, cancellationToken);
        context.Response.Headers["X-More"] = hasMore ? "true" : "false";
        return TypedResults.Ok(found.Select(file => MountedEntryView.Of(file, path)).ToList());
    }

    private static async Task ContentAsync(Guid guid, string? path, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        string wanted = InvalidFieldException.RequireExact("path", path, PathLengthMax);
        (IGuestFiles files, MountedFileSystem volume) = await OpenAsync(guid, context, catalog, "files.read", wanted, cancellationToken);
        GuestFile file = await files.FindAsync(volume.MountPath!, wanted, cancellationToken);
        RequireContent(file);
        await SendAsync(context, files, volume, wanted, file, cancellationToken);
    }

    private static async Task DownloadAsync(
        Guid guid, string? format, MountedPathRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> wanted = request.Paths is { Count: > 0 } several ? several : [InvalidFieldException.RequireExact("path", request.Path, PathLengthMax)];
        await SendSeveralAsync(guid, format, wanted, context, catalog, cancellationToken);
    }

    private static Task ArchiveAsync(Guid guid, string? format, string[]? path, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken) =>
        path is { Length: > 0 }
            ? SendSeveralAsync(guid, format ?? "zip", path, context, catalog, cancellationToken)
            : throw new InvalidFieldException("path", "It is missing.", "Name each file and directory as ?path=…&path=….");

    private static async Task SendSeveralAsync(
        Guid guid, string? format, IReadOnlyList<string> wanted, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (format is not (null or "zip" or TarZst))
        {
            throw new InvalidFieldException("format", "There is no such format.", $"Send zip or {TarZst}.");
        }

        if (wanted.Count > PathsMax || wanted.Any(path => string.IsNullOrEmpty(path) || path.Length > PathLengthMax))
        {
            throw new InvalidFieldException("paths", "There are too many, or one is empty or too long.", $"Send at most {PathsMax} paths as listings write them.");
        }

        (IGuestFiles files, MountedFileSystem volume) = await OpenAsync(guid, context, catalog, "files.read", string.Join(", ", wanted), cancellationToken);
        var found = new List<(string Path, GuestFile File)>();
        foreach (string path in wanted)
        {
            found.Add((path, await files.FindAsync(volume.MountPath!, path, cancellationToken)));
        }

        if (format is null && found is [(var only, { Kind: GuestFileKind.File } file)])
        {
            await SendAsync(context, files, volume, only, file, cancellationToken);
            return;
        }

        found.ForEach(one => RequireContent(one.File, allowsFolders: true));
        string name = found.Count == 1 && LastName(found[0].Path) is { Length: > 0 } folder ? folder : volume.Label ?? volume.MountPath!;
        if (format == TarZst)
        {
            Name(context, $"{name}.{TarZst}", TarZstType);
            await context.RequestServices.GetRequiredService<INodeFiles>().CompressAsync(
                context.Response.Body, tar => GuestArchive.WriteTarAsync(tar, files, volume.MountPath!, found, cancellationToken), cancellationToken);
            return;
        }

        Name(context, name + ".zip", MediaTypeNames.Application.Zip);
        await GuestArchive.WriteZipAsync(context.Response.Body, files, volume.MountPath!, found, cancellationToken);
    }

    private static void RequireContent(GuestFile file, bool allowsFolders = false)
    {
        if (file.Kind != GuestFileKind.File && !(allowsFolders && file.Kind == GuestFileKind.Folder))
        {
            throw new InvalidFieldException("path", "It is no file with content.", allowsFolders ? "Name files and directories." : "Name a file; directories are downloaded as archives.");
        }
    }

    /// <summary>The whole, or the one range that was asked for.</summary>
    private static async Task SendAsync(HttpContext context, IGuestFiles files, MountedFileSystem volume, string path, GuestFile file, CancellationToken cancellationToken)
    {
        Name(context, LastName(path), MediaTypeNames.Application.Octet);
        context.Response.Headers.AcceptRanges = "bytes";
        (long from, long length) = (0, file.SizeBytes);
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.GetTypedHeaders().Range is { Unit.Value: "bytes", Ranges.Count: 1 } range)
        {
            RangeItemHeaderValue item = range.Ranges.First();
            long begin = item.From ?? Math.Max(0, file.SizeBytes - item.To!.Value);
            long end = item.From is null ? file.SizeBytes : Math.Min(file.SizeBytes, (item.To ?? (file.SizeBytes - 1)) + 1);
            if (begin < end)
            {
                // One that the file has not is passed over, as RFC 9110 allows.
                (from, length) = (begin, end - begin);
                context.Response.StatusCode = StatusCodes.Status206PartialContent;
                context.Response.Headers.ContentRange = new ContentRangeHeaderValue(begin, end - 1, file.SizeBytes).ToString();
            }
        }

        context.Response.ContentLength = length;
        long sent = await files.ReadAsync(volume.MountPath!, path, from, length, bytes => context.Response.Body.WriteAsync(bytes, cancellationToken), cancellationToken);
        if (sent < length)
        {
            // The length is promised already: whoever reads must see that it is not all.
            context.Abort();
        }
    }

    private static void Name(HttpContext context, string name, string type)
    {
        var disposition = new Microsoft.Net.Http.Headers.ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(name.Length == 0 ? "file" : name);
        context.Response.ContentType = type;
        context.Response.Headers.ContentDisposition = disposition.ToString();
        context.Response.Headers.CacheControl = "no-store";
    }

    private static string LastName(string path) => path.TrimEnd('/') is var trimmed ? trimmed[(trimmed.LastIndexOf('/') + 1)..] : "";

    /// <summary>Notes what is about to be looked at, and finds who can show it.</summary>
    private static async Task<(IGuestFiles Files, MountedFileSystem Volume)> OpenAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, string action, string? path, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        MountedFileSystem volume = await transaction.MountedFileSystems.GetAsync(guid, cancellationToken);
        Mount mount = await transaction.Mounts.GetAsync(volume.MountGuid, cancellationToken);
        string what = $"{volume.MountPath}{(path is null ? "" : $": {path}")} of mount {mount.Guid}";
        await AuditTrail.AppendAsync(transaction, context, action, Kind, guid, what.Length > 500 ? what[..500] : what, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (FilesOf(mount, context), volume);
    }

    private static IGuestFiles FilesOf(Mount mount, HttpContext context) => context.RequestServices.GetService<INodeFiles>() is { } node
        ? node.FilesOf(mount.Guid.ToString())
        : throw new VProtectException(
            ErrorCode.NotSupported, ErrorSide.Request, "The node that serves the mount does not show files.", "Mount the backup on the appliance's own node.");

    /// <summary>Asks the node what there is now; what it tells is kept under identities that stay.</summary>
    private static async Task RefreshAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        Mount mount;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            mount = await session.Mounts.GetAsync(guid, cancellationToken);
        }

        if (mount.State != MountState.Mounted || context.RequestServices.GetService<INodeFiles>() is not { } node)
        {
            return;
        }

        IReadOnlyList<GuestVolume> volumes = await node.FilesOf(guid.ToString()).ListVolumesAsync(cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        ListPage<MountedFileSystem> known = await transaction.MountedFileSystems.ListAsync(guid, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        Dictionary<Guid, MountedFileSystem> before = known.Rows.ToDictionary(row => row.Guid);
        foreach (GuestVolume volume in volumes)
        {
            Guid identity = IdentityOf(guid, volume.Id);
            bool isKnown = before.Remove(identity, out MountedFileSystem? row);
            MountedFileSystem now = (row ?? new MountedFileSystem { Guid = identity, MountGuid = guid, Type = "" }) with
            {
                Label = volume.Label.Length > 0 ? volume.Label : volume.Name,
                Type = volume.Type,
                SizeBytes = volume.SizeBytes,
                MountPath = volume.Id,
            };
            if (!isKnown)
            {
                await transaction.MountedFileSystems.InsertAsync(now, cancellationToken);
            }
            else if (now != row)
            {
                await transaction.MountedFileSystems.UpdateAsync(now, cancellationToken);
            }
        }

        foreach (MountedFileSystem gone in before.Values)
        {
            await transaction.MountedFileSystems.DeleteAsync(gone.Guid, version: null, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static Guid IdentityOf(Guid mount, string volume)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{mount}/{volume}"));
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }

    private static MountedFileSystemView ViewOf(MountedFileSystem row)
    {
        var volume = new GuestVolume("", "", row.Type, "", "", row.SizeBytes);
        return new MountedFileSystemView(
            row.Guid, new NameAndGuid(row.MountGuid), row.Label, row.Type, row.SizeBytes, row.UsedBytes, row.MountPath, volume.HasFiles, volume.IsLocked);
    }
}
