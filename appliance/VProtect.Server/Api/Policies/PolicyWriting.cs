using System.Text.Json.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Server.Api.Shared;
using VProtect.Server.Policies;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Policies;

/// <summary>
/// Policies from requests into the catalog: 1 what was sent over what there is, 2 found valid, with everything it refers to, 3 written.
/// </summary>
internal static class PolicyWriting
{
    private const string TimeZoneSetting = "timeZone";

    /// <summary>A policy that has nothing yet.</summary>
    public static PolicyConfig New(PolicyKind kind) => new() { Policy = new Policy { Name = "", Kind = kind } };

    /// <summary>Step 1.</summary>
    /// <exception cref="InvalidFieldException">A rule is named that the policy does not have, or a duration is beyond bounds.</exception>
    public static PolicyConfig Applied(PolicyConfig before, PolicyRequest request)
    {
        Policy old = before.Policy;
        string zone = request.TimeZone ?? before.TimeZone;
        AutoAssignView? auto = request.AutoAssignSettings;
        Policy policy = old with
        {
            Name = request.Name?.Trim() ?? old.Name,
            Description = TextField.Applied("description", old.Description, request.Description),
            Active = request.Active ?? old.Active,
            Priority = request.Priority ?? old.Priority,
            AutoRemoveNonPresent = request.AutoRemoveNonPresent ?? old.AutoRemoveNonPresent,
            AutoAssignMode = auto?.Mode ?? old.AutoAssignMode,
            FailExportThreshold = request.FailRemainingBackupTasksExportThreshold is 0 ? null : request.FailRemainingBackupTasksExportThreshold ?? old.FailExportThreshold,
            FailStoreThreshold = request.FailRemainingBackupTasksStoreThreshold is 0 ? null : request.FailRemainingBackupTasksStoreThreshold ?? old.FailStoreThreshold,
            RetryCount = request.BackupRetryCount ?? old.RetryCount,
            RetryDelay = Duration.Of(request.RetryDelay, "retryDelay") ?? old.RetryDelay,
            DailyReport = request.DailyReportEnabled ?? old.DailyReport,
            MailingListGuid = request.MailingList?.Guid ?? old.MailingListGuid,
            Rpo = request.Rpo is 0 ? null : Duration.Of(request.Rpo, "rpo") ?? old.Rpo,
            TenantId = TextField.Applied("tenantId", old.TenantId, request.TenantId, lengthMax: 255),
            Settings = Settings(old.Settings, zone, request),
        };
        return before with
        {
            Policy = policy,
            TimeZone = zone,
            Matches =
            [
                .. Lists(before, PolicyMatchKind.IncludeTag, auto?.IncludeTags),
                .. Lists(before, PolicyMatchKind.ExcludeTag, auto?.ExcludeTags),
                .. Lists(before, PolicyMatchKind.IncludeRegExp, auto?.IncludeRegExps),
                .. Lists(before, PolicyMatchKind.ExcludeRegExp, auto?.ExcludeRegExps),
            ],
            Clusters = auto?.HvClusters?.Select(cluster => cluster.Guid).Distinct().ToList() ?? before.Clusters,
            Rules = request.Rules is null ? before.Rules : [.. request.Rules.Select((rule, i) => Rule(before, rule, i))],
        };
    }

    /// <summary>Step 2.</summary>
    /// <exception cref="InvalidFieldsException">Something is wrong; it names every field.</exception>
    public static async Task CheckAsync(CatalogSession session, PolicyConfig config, IReadOnlyList<NameAndGuid>? machines, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        foreach ((int i, RuleConfig rule) in config.Rules.Index())
        {
            await RuleWriting.CheckAsync(session, rule, config.Policy.Kind, $"rules[{i}].", problems, cancellationToken);
        }

        await Reference.FindAllAsync<HypervisorCluster>(
            session.HypervisorClusters, config.Clusters, i => $"autoAssignSettings.hvClusters[{i}]", problems, cancellationToken);
        await Reference.FindAllAsync<Machine>(
            session.Machines, [.. machines?.Select(machine => machine.Guid) ?? []], i => $"vms[{i}]", problems, cancellationToken);
        if (config.Policy.MailingListGuid is { } list)
        {
            problems.Require(
                await session.MailingLists.FindAsync(list, cancellationToken) is not null, "mailingList", $"There is no {list}.", "Send the guid of one that exists.");
        }

        try
        {
            PolicyValidation.Validate(config);
        }
        catch (InvalidFieldsException wrong)
        {
            throw new InvalidFieldsException([.. wrong.Fields, .. problems.All]);
        }

        problems.ThrowIfAny();
    }

    /// <summary>Step 3.</summary>
    /// <param name="transaction">Of the change.</param>
    /// <param name="before">As it is; null when it is new.</param>
    /// <param name="config">As it is to be.</param>
    /// <param name="machines">Its machines; null stay.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task StoreAsync(
        CatalogTransaction transaction, PolicyConfig? before, PolicyConfig config, IReadOnlyList<NameAndGuid>? machines, CancellationToken cancellationToken)
    {
        Guid guid = config.Policy.Guid;
        if (before is null)
        {
            await transaction.Policies.InsertAsync(config.Policy, cancellationToken);
        }
        else
        {
            await transaction.Policies.UpdateAsync(config.Policy, cancellationToken);
        }

        await transaction.Policies.SetMatchesAsync(guid, config.Matches.ToList(), cancellationToken);
        await transaction.Policies.SetClustersAsync(guid, config.Clusters.ToList(), cancellationToken);
        foreach (RuleConfig gone in before?.Rules.Where(old => config.Rules.All(kept => kept.Rule.Guid != old.Rule.Guid)) ?? [])
        {
            await transaction.Rules.DeleteAsync(gone.Rule.Guid, version: null, cancellationToken);
        }

        foreach (RuleConfig rule in config.Rules)
        {
            await RuleWriting.StoreAsync(transaction, before?.Rules.FirstOrDefault(old => old.Rule.Guid == rule.Rule.Guid), rule, cancellationToken);
        }

        if (machines is not null)
        {
            await SetMachinesAsync(transaction, guid, [.. machines.Select(machine => machine.Guid)], cancellationToken);
        }

        if (before is not null && before.Policy.Priority != config.Policy.Priority)
        {
            await transaction.Policies.ShowHighestAsync(guid, cancellationToken);
        }
    }

    /// <summary>Puts exactly these machines into a policy; those that were there keep who put them there.</summary>
    public static async Task SetMachinesAsync(CatalogTransaction transaction, Guid policy, IReadOnlySet<Guid> wanted, CancellationToken cancellationToken)
    {
        HashSet<Guid> there = [.. (await transaction.Policies.MachinesAsync(policy, cancellationToken)).Select(link => link.MachineGuid)];
        foreach (Guid machine in there.Where(machine => !wanted.Contains(machine)))
        {
            await transaction.Policies.UnassignAsync(policy, machine, cancellationToken);
        }

        foreach (Guid machine in wanted.Where(machine => !there.Contains(machine)))
        {
            await transaction.Policies.AssignAsync(policy, machine, AssignmentSource.Manual, cancellationToken);
        }
    }

    private static Task SetMachinesAsync(CatalogTransaction transaction, Guid policy, Guid[] wanted, CancellationToken cancellationToken) =>
        SetMachinesAsync(transaction, policy, wanted.ToHashSet(), cancellationToken);

    private static RuleConfig Rule(PolicyConfig before, RuleRequest request, int position)
    {
        if (request.Guid is not { } guid)
        {
            return RuleWriting.Applied(new RuleConfig { Rule = new Rule { Name = "", PolicyGuid = before.Policy.Guid } }, request, position);
        }

        RuleConfig known = before.Rules.FirstOrDefault(rule => rule.Rule.Guid == guid)
            ?? throw new InvalidFieldException($"rules[{position}].guid", $"The policy has no rule {guid}.", "Leave the guid out to make a new rule.");
        return RuleWriting.Applied(known, request, position);
    }

    private static IEnumerable<PolicyMatch> Lists(PolicyConfig before, PolicyMatchKind kind, IReadOnlyList<string>? sent) => sent is null
        ? before.Matches.Where(match => match.Kind == kind)
        : sent.Distinct(StringComparer.Ordinal).Select(value => new PolicyMatch { PolicyGuid = before.Policy.Guid, Kind = kind, Value = value });

    private static string Settings(string before, string zone, PolicyRequest request)
    {
        JsonObject document = JsonNode.Parse(before)!.AsObject();
        document[TimeZoneSetting] = zone;
        PolicyCommands.Apply(document, request);
        return document.ToJsonString();
    }
}
