using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Credentials;
using VProtect.Server.Api.Shared;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Machines;

/// <summary>Virtual machines: what the platforms show, and how each is backed up.</summary>
internal static class MachinesApi
{
    private const string Kind = "virtual-machines";
    private const int MachinesMax = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder machines = api.MapGroup("/virtual-machines").WithTags("virtual machines");
        machines.MapGet("", ListAsync).Describe("Lists machines.", Permission.InventoryRead, 400);
        machines.MapGet("/detailed", DetailedAsync).Describe("Lists machines with their newest backups, open tasks and newest snapshot.", Permission.InventoryRead, 400);
        machines.MapGet("/{guid:guid}", GetAsync).Describe("Gets a machine with its newest backups, open tasks and newest snapshot.", Permission.InventoryRead, 404);
        machines.MapPut("/{guid:guid}/settings", UpdateAsync)
            .Describe("Changes how a machine is backed up: policy, quiescing, guest login, commands.", Permission.InventoryMachines, 400, 404, 412);
        machines.MapPut("/{guid:guid}/ssh-password", SetPasswordAsync).Describe("Stores the password of a machine's guest.", Permission.InventoryMachines, 400, 404, 412);
        machines.MapDelete("/all-non-present", DeleteNonPresentAsync)
            .Describe("Deletes machines that their platforms no longer have and that have no backups.", Permission.InventoryMachines);
        machines.MapPost("/incremental-not-possible", RequireFullAsync).Describe("Makes the next backup of these machines a full one.", Permission.InventoryMachines, 400);
    }

    private static async Task<Ok<List<MachineView>>> ListAsync(
        [AsParameters] MachineQuery query, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Machine> page = await session.Machines.ListAsync(query.ToFilter(), list.ToQuery(), cancellationToken);
        MachineShowing showing = await MachineShowing.OfAsync(session, page.Rows, time.GetUtcNow(), cancellationToken);
        return ListParameters.Answer(context, page, showing.View);
    }

    private static async Task<Ok<List<MachineView>>> DetailedAsync(
        [AsParameters] MachineQuery query, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Machine> page = await session.Machines.ListAsync(query.ToFilter(), list.ToQuery(), cancellationToken);
        MachineShowing showing = await MachineShowing.OfAsync(session, page.Rows, time.GetUtcNow(), cancellationToken);
        IReadOnlyDictionary<Guid, MachineView> detailed = await showing.DetailedAsync(page.Rows, cancellationToken);
        return ListParameters.Answer(context, page, machine => detailed[machine.Guid]);
    }

    private static async Task<Ok<MachineView>> GetAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await AnswerAsync(session, guid, context, time, cancellationToken);
    }

    private static async Task<Ok<MachineView>> UpdateAsync(
        Guid guid, MachineSettingsRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Machine before = await transaction.Machines.GetAsync(guid, cancellationToken);
        Machine machine = MachineSettings.Applied(before with { Version = RowVersion.Expected(context) ?? before.Version }, request);
        await transaction.Machines.UpdateAsync(machine, cancellationToken);
        await MoveAsync(transaction, before, request.VmBackupPolicy, before.BackupPolicyGuid, PolicyKind.VmBackup, "vmBackupPolicy", cancellationToken);
        await MoveAsync(transaction, before, request.SnapshotMgmtPolicy, before.SnapshotPolicyGuid, PolicyKind.VmSnapshot, "snapshotMgmtPolicy", cancellationToken);
        Ok<MachineView> answer = await AnswerAsync(transaction, guid, context, time, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "virtual-machines.settings", Kind, guid, machine.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    private static async Task<NoContent> SetPasswordAsync(
        Guid guid, SshPasswordRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Password is null)
        {
            throw new InvalidFieldException("password", "It is missing.", "Send the password, or an empty text to remove it.");
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Machine before = await transaction.Machines.GetAsync(guid, cancellationToken);
        bool isRemoved = request.Password.Length == 0;
        Guid? credential = isRemoved
            ? null
            : await SealedCredential.OwnAsync(
                transaction, guid, $"Guest of {before.Name}", login: null, request.Password, box, time.GetUtcNow(), cancellationToken);
        Machine machine = before with { Version = RowVersion.Expected(context) ?? before.Version, SshCredentialGuid = credential };
        long version = await transaction.Machines.UpdateAsync(machine, cancellationToken);
        if (isRemoved)
        {
            await SealedCredential.RemoveOwnAsync(transaction, guid, cancellationToken);
        }

        await AuditTrail.AppendAsync(transaction, context, "virtual-machines.ssh-password", Kind, guid, machine.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<DeletedView>> DeleteNonPresentAsync(HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        int deleted = await transaction.Machines.DeleteNonPresentAsync(cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "virtual-machines.delete-non-present", Kind, guid: null, Quantity.Of(deleted, "machine"), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(new DeletedView(deleted));
    }

    private static async Task<Ok<List<NameAndGuid>>> RequireFullAsync(
        List<NameAndGuid> request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (request.Count > MachinesMax)
        {
            throw new InvalidFieldException("body", "There are too many machines.", $"Send at most {MachinesMax}.");
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        var problems = new FieldProblems();
        IReadOnlyDictionary<Guid, Machine> machines = await Reference.FindAllAsync(
            transaction.Machines, [.. request.Select(machine => machine.Guid)], i => $"[{i}]", problems, cancellationToken);
        problems.ThrowIfAny();
        await transaction.Machines.RequireFullAsync([.. machines.Keys], cancellationToken);
        string name = machines.Count == 1 ? machines.Values.Single().Name : $"{machines.Count} machines";
        await AuditTrail.AppendAsync(
            transaction, context, "virtual-machines.require-full", Kind, machines.Count == 1 ? machines.Keys.Single() : null, name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(machines.Values.OrderBy(machine => machine.NameKey).Select(machine => new NameAndGuid(machine.Guid, machine.Name)).ToList());
    }

    /// <summary>Puts a machine into a policy as old clients mean it: there is one, and the one that was shown before is left.</summary>
    private static async Task MoveAsync(
        CatalogTransaction transaction, Machine machine, NameAndGuid? wanted, Guid? shown, PolicyKind kind, string field, CancellationToken cancellationToken)
    {
        Policy? policy = await Reference.FindAsync(transaction.Policies, wanted, field, cancellationToken);
        if (policy is null || policy.Guid == shown)
        {
            return;
        }

        if (policy.Kind != kind)
        {
            throw new InvalidFieldException(field, "The policy is of another kind.", "Choose a backup policy here and a snapshot policy there.");
        }

        if (shown is { } left)
        {
            await transaction.Policies.UnassignAsync(left, machine.Guid, cancellationToken);
        }

        await transaction.Policies.AssignAsync(policy.Guid, machine.Guid, AssignmentSource.Manual, cancellationToken);
    }

    private static async Task<Ok<MachineView>> AnswerAsync(
        CatalogSession session, Guid guid, HttpContext context, TimeProvider time, CancellationToken cancellationToken)
    {
        Machine machine = await session.Machines.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, machine.Version);
        MachineShowing showing = await MachineShowing.OfAsync(session, [machine], time.GetUtcNow(), cancellationToken);
        return TypedResults.Ok((await showing.DetailedAsync([machine], cancellationToken))[guid]);
    }
}
