using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Api.Tasks;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Api.Mounts;

/// <summary>Files of a mounted backup, written into a machine that runs. A task does it; who asked for what is in the audit log.</summary>
internal static class FileRestoreApi
{
    private const int ObjectLengthMax = 500;

    public static void Map(IEndpointRouteBuilder api) => api.MapGroup("/mounted-file-systems").WithTags("mounts")
        .WithMetadata(new TakesIdempotencyKey(), new ProducesResponseTypeMetadata(StatusCodes.Status201Created, typeof(List<TaskView>), ["application/json"]))
        .MapPost("/{guid:guid}/restore", RestoreAsync).Describe(
            "Writes files and directories into a machine that runs, through its guest agent: the one that was backed up, or another whose platform can.", Permission.TasksRestore, 400, 404, 409, 422);

    private static Task<IResult> RestoreAsync(Guid guid, FileRestoreBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> paths = body.Paths is { Count: > 0 and <= MountedFilesApi.PathsMax } some && some.All(path => path is { Length: > 0 and <= MountedFilesApi.PathLengthMax })
            ? some
            : throw new InvalidFieldException("paths", "There are none or too many, or one is empty or too long.", $"Send at most {MountedFilesApi.PathsMax} paths as listings write them.");
        string? folder = body.Folder is null ? null : InvalidFieldException.RequireExact("folder", body.Folder, MountedFilesApi.PathLengthMax);
        if (folder is not null && (folder[0] != '/' || folder.Split('/').Any(part => part is "." or "..")))
        {
            throw new InvalidFieldException("folder", "It is no absolute path.", "Send the path of a folder in the machine, for example /restore, or leave it out for where the files were.");
        }

        if (folder is not null && paths.GroupBy(path => path.TrimEnd('/')[(path.TrimEnd('/').LastIndexOf('/') + 1)..], StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new InvalidFieldException("paths", $"Several would be called {folder.TrimEnd('/')}/{twice.Key}.", "Restore them one after the other, or into several folders.");
        }

        return IdempotentRequest.RunAsync(
            context,
            body,
            StatusCodes.Status201Created,
            async transaction =>
            {
                MountedFileSystem volume = await transaction.MountedFileSystems.GetAsync(guid, cancellationToken);
                FileRestoreRequest request = new FileRestoreRequest
                {
                    Mount = volume.MountGuid,
                    Machine = body.VirtualMachine?.Guid,
                    Files = new GuestFilesParameters(volume.MountPath!, paths, folder, body.Existing ?? ExistingFiles.Keep, Suffix: ""),
                }.With(body);
                CatalogTask task = await requests.RestoreFilesAsync(transaction, request, TaskOrigin.Of(context), cancellationToken);
                Machine machine = await transaction.Machines.GetAsync(task.MachineGuid!.Value, cancellationToken);
                string what = $"{volume.MountPath} of mount {volume.MountGuid} into {machine.Name} ({machine.Guid}){(folder is null ? "" : $", {folder}")}: {string.Join(", ", paths)}";
                await AuditTrail.AppendAsync(
                    transaction, context, "files.restore", "tasks", task.Guid, what.Length > ObjectLengthMax ? what[..ObjectLengthMax] : what, cancellationToken);
                return await TaskViews.OfAsync(transaction, [task], cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>Writes files and directories of a mounted backup into a machine that runs.</summary>
internal sealed record FileRestoreBody : TaskBody
{
    /// <summary>Files and directories, as listings write paths.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>The machine; left out for the one that was backed up.</summary>
    public NameAndGuid? VirtualMachine { get; init; }

    /// <summary>The folder in the machine that receives them, made if it is not there; left out for where they were.</summary>
    public string? Folder { get; init; }

    /// <summary>What becomes of files that are there already; left out they stay.</summary>
    public ExistingFiles? Existing { get; init; }
}
