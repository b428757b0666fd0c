using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Outcomes;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Destinations;

/// <summary>Where restore points are kept.</summary>
internal static class DestinationsApi
{
    private const string Kind = "backup-destinations";
    private const int MachinesMax = 10_000;

    /// <summary>Deriving a key and writing a few objects takes seconds; a slow share some more.</summary>
    private static readonly TimeSpan OpeningMax = TimeSpan.FromMinutes(2);

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder destinations = api.MapGroup("/backup-destinations").WithTags("destinations");
        destinations.MapGet("", ListAsync).Describe("Lists backup destinations.", Permission.DestinationsRead, 400);
        destinations.MapGet("/{guid:guid}", GetAsync).Describe("Gets a backup destination.", Permission.DestinationsRead, 404);
        destinations.MapPost("", CreateAsync).Describe(
            "Makes a repository in a place, or attaches the one that is there. The recovery key is told in this answer only.", Permission.DestinationsWrite, 400, 409, 422, 503);
        destinations.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a backup destination; its place and pass phrase stay.", Permission.DestinationsWrite, 400, 404, 409, 412);
        destinations.MapDelete("/{guid:guid}", DeleteAsync).Describe(
            "Deletes a backup destination that holds no backups; with forget=true the catalog forgets them first. What is stored is never touched.",
            Permission.DestinationsWrite, 404, 409, 412);
        destinations.MapPost("/usable-for-vms", UsableAsync).Describe("Lists the destinations that all these machines may use.", Permission.DestinationsRead, 400);
        destinations.MapPost("/{guid:guid}/check", CheckAsync).Describe("Looks at a destination now: whether it is reached, what it holds and how much room it has.", Permission.DestinationsWrite, 404, 503);
    }

    private static async Task<Ok<List<DestinationView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Destination> page = await session.Destinations.ListAsync(list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, await ViewsAsync(session, context, page.Rows, cancellationToken));
    }

    private static async Task<Ok<DestinationView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    private static async Task<Created<NewDestinationView>> CreateAsync(
        DestinationRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, References references, Errands errands,
        RepositoryReconciliation reconciliation, TimeProvider time, CancellationToken cancellationToken)
    {
        Destination destination = DestinationWriting.New(request, box);
        IReadOnlyList<Guid>? nodeConfigs;
        RepositoryReference repository;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            nodeConfigs = await DestinationWriting.NodeConfigsAsync(session, request, cancellationToken);
            destination = await DestinationWriting.WithCredentialAsync(session, destination, request, Caller.Of(context), cancellationToken);
            await RequireFreeAsync(session, destination, cancellationToken);
            bool isFirst = (await session.Destinations.ListAsync(new ListQuery { Size = 1 }, cancellationToken)).Total == 0;
            destination = destination with { IsDefault = request.DefaultBackupDestination ?? isFirst };
            repository = await references.RepositoryAsync(session, destination, cancellationToken);
        }

        DateTimeOffset askedAt = time.GetUtcNow();
        RepositoryResult found = await OpenAsync(repository, request, errands, cancellationToken);
        destination = destination with { RepositoryId = found.RepositoryId };
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await RequireFreeAsync(transaction, destination, cancellationToken);

        // The key may have changed while the repository was opened.
        destination = destination.SealedKey is { } key
            ? destination with { SealedKey = box.SealAnew(key, References.PurposeOfDestination(destination.Guid)) }
            : destination;
        await transaction.Destinations.InsertAsync(destination, cancellationToken);
        await transaction.Destinations.SetNodeConfigsAsync(destination.Guid, [.. nodeConfigs ?? []], cancellationToken);
        await DestinationWriting.KeepOneDefaultAsync(transaction, destination, cancellationToken);
        await reconciliation.ApplyAsync(transaction, destination, found, askedAt, cancellationToken);
        DestinationView view = await AnswerAsync(transaction, destination.Guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "backup-destinations.create", Kind, destination.Guid, destination.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/backup-destinations/{destination.Guid}", new NewDestinationView(view, found.RecoveryKey));
    }

    private static async Task<Ok<DestinationView>> UpdateAsync(
        Guid guid, DestinationRequest request, HttpContext context, CatalogDatabase catalog, DestinationRefresh refresh, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Destination before = await transaction.Destinations.GetAsync(guid, cancellationToken);
        Destination destination = DestinationWriting.Changed(before with { Version = RowVersion.Expected(context) ?? before.Version }, request);
        destination = await DestinationWriting.WithCredentialAsync(transaction, destination, request, Caller.Of(context), cancellationToken);
        await transaction.Destinations.UpdateAsync(destination, cancellationToken);
        if (await DestinationWriting.NodeConfigsAsync(transaction, request, cancellationToken) is { } nodeConfigs)
        {
            await transaction.Destinations.SetNodeConfigsAsync(guid, [.. nodeConfigs], cancellationToken);
        }

        await DestinationWriting.KeepOneDefaultAsync(transaction, destination, cancellationToken);
        DestinationView view = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "backup-destinations.update", Kind, guid, destination.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (destination.CredentialGuid != before.CredentialGuid)
        {
            refresh.Soon(guid);
        }

        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(
        Guid guid, bool? forget, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Destination destination = await transaction.Destinations.GetAsync(guid, cancellationToken);
        string name = $"Destination '{destination.Name}'";
        Reference.RequireUnused(name, await transaction.Destinations.UsesAsync(guid, cancellationToken));
        if ((await transaction.Tasks.RunningAsync(cancellationToken)).FirstOrDefault(task => task.DestinationGuid == guid) is { } running)
        {
            throw new VProtectException(
                ErrorCode.CatalogInUse, ErrorSide.Request, $"{name} is used by the running task {running.Guid}.", "Cancel the task or wait until it has ended.");
        }

        long points = (await transaction.RestorePoints.ListAsync(new RestorePointFilter { Destination = guid }, new ListQuery { Size = 1 }, cancellationToken)).Total;
        if (points > 0 && forget != true)
        {
            throw new VProtectException(
                ErrorCode.CatalogInUse, ErrorSide.Request, $"{name} holds {Quantity.Of(points, "backup")}.",
                "Delete the backups first; or say forget=true: then the catalog forgets them, and the repository stays as it is.");
        }

        await transaction.RestorePoints.ForgetDestinationAsync(guid, cancellationToken);
        await transaction.Destinations.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(
            transaction, context, points > 0 ? "backup-destinations.forget" : "backup-destinations.delete", Kind, guid, destination.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<List<DestinationView>>> UsableAsync(List<NameAndGuid> request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (request.Count > MachinesMax)
        {
            throw new InvalidFieldException("body", "There are too many machines.", $"Send at most {MachinesMax}.");
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        var problems = new FieldProblems();
        IReadOnlyDictionary<Guid, Machine> machines = await Reference.FindAllAsync(
            session.Machines, [.. request.Select(machine => machine.Guid)], i => $"[{i}]", problems, cancellationToken);
        problems.ThrowIfAny();
        ListPage<Destination> all = await session.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        Destination[] usable =
        [
            .. all.Rows.Where(destination => destination.VisibleForAll
                || machines.Values.All(machine => machine.Project is { } project && destination.Projects.Contains(project))),
        ];
        return TypedResults.Ok(usable.Select(await ViewsAsync(session, context, usable, cancellationToken)).ToList());
    }

    private static async Task<Ok<DestinationView>> CheckAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, DestinationRefresh refresh, CancellationToken cancellationToken)
    {
        await refresh.RunAsync(guid, cancellationToken);
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    /// <summary>Has a node open or make the repository. That it cannot be opened is the fault of what was sent, and told so.</summary>
    private static async Task<RepositoryResult> OpenAsync(
        RepositoryReference repository, DestinationRequest request, Errands errands, CancellationToken cancellationToken)
    {
        var work = new OpenRepositoryWork(repository, CreatesIfMissing: true);
        try
        {
            return await errands.RunAsync(work, OpeningMax, cancellationToken) as RepositoryResult
                ?? throw new InvalidOperationException("The node answered an opened repository with something else.");
        }
        catch (VProtectException refused) when (refused.Code is ErrorCode.WrongKey or ErrorCode.KeyRequired)
        {
            throw new InvalidFieldException(
                "passphrase", request.Passphrase is null ? "A repository is there already." : "It does not open the repository that is there.",
                "Send the pass phrase of that repository, or choose an empty place.");
        }
    }

    /// <summary>Refuses a name, a place or a repository that another destination has.</summary>
    private static async Task RequireFreeAsync(CatalogSession session, Destination destination, CancellationToken cancellationToken)
    {
        ListPage<Destination> all = await session.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        Destination? same = all.Rows.FirstOrDefault(other => other.NameKey == destination.NameKey || other.Settings == destination.Settings
            || (destination.RepositoryId is { } id && other.RepositoryId == id));
        if (same is not null)
        {
            throw new VProtectException(
                ErrorCode.CatalogDuplicate, ErrorSide.Request, $"Destination '{same.Name}' has this name, place or repository already.", "Choose another name and place.");
        }
    }

    private static async Task<DestinationView> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Destination destination = await session.Destinations.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, destination.Version);
        return (await ViewsAsync(session, context, [destination], cancellationToken))(destination);
    }

    private static async Task<Func<Destination, DestinationView>> ViewsAsync(
        CatalogSession session, HttpContext context, IReadOnlyList<Destination> destinations, CancellationToken cancellationToken)
    {
        var configs = new Dictionary<Guid, IReadOnlyList<Guid>>();
        foreach (Destination destination in destinations)
        {
            configs[destination.Guid] = await session.Destinations.NodeConfigsAsync(destination.Guid, cancellationToken);
        }

        NameLookup names = await NameLookup.OfAsync(session.NodeConfigs, configs.Values.SelectMany(guids => guids).Select(guid => (Guid?)guid), cancellationToken);
        NameLookup? credentials = Caller.Of(context).May(Permission.InventoryRead)
            ? await NameLookup.OfAsync(session.Credentials, destinations.Select(destination => destination.CredentialGuid), cancellationToken)
            : null;
        NameLookup appliances = await NameLookup.OfAsync(session.Nodes, destinations.Select(destination => destination.ApplianceGuid), cancellationToken);
        return destination => new DestinationView(
            destination.Guid,
            destination.Name,
            new NamedValue(destination.Type),
            destination.Description,
            JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(destination.Settings)!,
            credentials?[destination.CredentialGuid],
            [.. configs[destination.Guid].Select(names.Of)],
            destination.UsedBytes,
            destination.AvailableBytes,
            destination.UsedBytes,
            destination.AvailableBytes,
            destination.LogicalBytes,
            destination.IsDefault,
            destination.VisibleForAll,
            destination.Projects,
            destination.ReserveBytes,
            destination.SealedKey is not null,
            destination.RepositoryId,
            destination.State,
            destination.StateInfo,
            destination.CheckedAt,
            appliances[destination.ApplianceGuid]);
    }
}
