using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Policies;
using VProtect.Server.Api.Shared;
using VProtect.Server.Policies;
using VProtect.Server.Scheduling;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Policies;

/// <summary>Rules from requests into the catalog.</summary>
internal static class RuleWriting
{
    /// <summary>The rule with what was sent.</summary>
    /// <param name="before">As it is; a new one has no name.</param>
    /// <param name="request">What was sent.</param>
    /// <param name="position">Its place.</param>
    public static RuleConfig Applied(RuleConfig before, RuleRequest request, int position)
    {
        Rule rule = before.Rule with
        {
            Name = request.Name?.Trim() ?? before.Rule.Name,
            Active = request.Active ?? before.Rule.Active,
            Position = position,
            RetentionVersions = request.RetentionVersions ?? before.Rule.RetentionVersions,
            RetentionDays = request.RetentionDays ?? before.Rule.RetentionDays,
        };
        return before with
        {
            Rule = rule,
            Schedules = request.Schedules?.Select(schedule => schedule.Guid).Distinct().ToList() ?? before.Schedules,
            Destinations = request.RuleBackupDestinations is { } sent
                ?
                [
                    .. Destination(sent.PrimaryBackupDestination, DestinationRole.Primary, before),
                    .. Destination(sent.SecondaryBackupDestination, DestinationRole.Secondary, before),
                ]
                : before.Destinations,
        };
    }

    /// <summary>Notes destinations and schedules that are not there or do not fit.</summary>
    public static async Task CheckAsync(
        CatalogSession session, RuleConfig config, PolicyKind kind, string path, FieldProblems problems, CancellationToken cancellationToken)
    {
        Guid[] destinations = [.. config.Destinations.Select(destination => destination.DestinationGuid)];
        await Reference.FindAllAsync<Destination>(session.Destinations, destinations, Field, problems, cancellationToken);
        IReadOnlyDictionary<Guid, Schedule> schedules = await Reference.FindAllAsync(
            session.Schedules, config.Schedules, i => $"{path}schedules[{i}]", problems, cancellationToken);
        foreach ((int i, Guid guid) in config.Schedules.Index())
        {
            problems.Require(
                !schedules.TryGetValue(guid, out Schedule? schedule) || ScheduleFit.Starts(schedule.Type, kind),
                $"{path}schedules[{i}]", "The schedule starts something else.", $"Choose schedules of type {(kind == PolicyKind.VmBackup ? "VM_BACKUP" : "VM_SNAPSHOT")}.");
        }

        string Field(int i)
        {
            string role = config.Destinations[i].Role == DestinationRole.Primary ? "primary" : "secondary";
            return $"{path}ruleBackupDestinations.{role}BackupDestination.backupDestination";
        }
    }

    /// <summary>Writes a rule that was found valid.</summary>
    /// <param name="transaction">Of the change.</param>
    /// <param name="before">As it is; null when it is new.</param>
    /// <param name="config">As it is to be.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task StoreAsync(CatalogTransaction transaction, RuleConfig? before, RuleConfig config, CancellationToken cancellationToken)
    {
        if (before is null)
        {
            await transaction.Rules.InsertAsync(config.Rule, cancellationToken);
        }
        else
        {
            await transaction.Rules.UpdateAsync(config.Rule, cancellationToken);
        }

        foreach (RuleDestination gone in before?.Destinations.Where(old => config.Destinations.All(kept => kept.Guid != old.Guid)) ?? [])
        {
            await transaction.RuleDestinations.DeleteAsync(gone.Guid, version: null, cancellationToken);
        }

        foreach (RuleDestination destination in config.Destinations)
        {
            RuleDestination? old = before?.Destinations.FirstOrDefault(row => row.Guid == destination.Guid);
            if (old is null)
            {
                await transaction.RuleDestinations.InsertAsync(destination, cancellationToken);
            }
            else if (old != destination)
            {
                await transaction.RuleDestinations.UpdateAsync(destination, cancellationToken);
            }
        }

        await transaction.Rules.SetSchedulesAsync(config.Rule.Guid, config.Schedules.ToList(), cancellationToken);
    }

    private static IEnumerable<RuleDestination> Destination(RuleDestinationView? sent, DestinationRole role, RuleConfig before)
    {
        if (sent is null)
        {
            yield break;
        }

        string path = role == DestinationRole.Primary ? "ruleBackupDestinations.primaryBackupDestination" : "ruleBackupDestinations.secondaryBackupDestination";
        RetentionView kept = sent.BackupRetentionSettings ?? new RetentionView(null, null, null, null, null, null, null, null, null, null, null);
        RuleDestination known = before.Destinations.FirstOrDefault(destination => destination.Role == role)
            ?? new RuleDestination { RuleGuid = before.Rule.Guid, Role = role, DestinationGuid = Guid.Empty };
        yield return known with
        {
            Active = sent.Active ?? true,
            DestinationGuid = sent.BackupDestination?.Guid ?? known.DestinationGuid,
            LockDays = sent.DaysToKeepRetentionLock ?? 0,
            KeepLastFull = kept.RetentionKeepLastNFull,
            KeepFullNewerThan = Duration.Of(kept.RetentionKeepFullNewerThan, $"{path}.backupRetentionSettings.retentionKeepFullNewerThan"),
            KeepLastIncremental = kept.RetentionKeepLastNIncremental,
            KeepIncrementalNewerThan = Duration.Of(kept.RetentionKeepIncrementalNewerThan, $"{path}.backupRetentionSettings.retentionKeepIncrementalNewerThan"),
            KeepLastWhilePresent = kept.KeepLastBackupWhenSourceStillExists ?? true,
            KeepLast = kept.KeepLast ?? 0,
            KeepHourly = kept.KeepHourly ?? 0,
            KeepDaily = kept.KeepDaily ?? 0,
            KeepWeekly = kept.KeepWeekly ?? 0,
            KeepMonthly = kept.KeepMonthly ?? 0,
            KeepYearly = kept.KeepYearly ?? 0,
        };
    }
}
