using VProtect.Catalog.Policies;
using VProtect.Server.Policies.Retention;
using VProtect.Server.Validation;

namespace VProtect.Server.Policies;

/// <summary>Rule as written → rule that can run.</summary>
internal static class RuleValidation
{
    private const int LockDaysMax = 36_500;

    /// <summary>Checks a rule.</summary>
    /// <param name="config">Rule as written.</param>
    /// <param name="kind">What its policy makes.</param>
    /// <param name="zone">Zone of its policy.</param>
    /// <param name="path">Path of the rule in the request, for messages.</param>
    /// <param name="problems">Takes what is wrong.</param>
    /// <returns>The rule; of use only when nothing was wrong.</returns>
    public static RuleModel Check(RuleConfig config, PolicyKind kind, TimeZoneInfo zone, string path, FieldProblems problems)
    {
        PolicyValidation.Name(config.Rule.Name, path + ".name", problems);
        string destinations = path + ".ruleBackupDestinations";
        bool snapshots = kind == PolicyKind.VmSnapshot;
        RuleTarget? primary = Target(config, DestinationRole.Primary, zone, destinations + ".primaryBackupDestination", problems);
        RuleTarget? secondary = Target(config, DestinationRole.Secondary, zone, destinations + ".secondaryBackupDestination", problems);
        if (snapshots)
        {
            problems.Require(
                config.Destinations.Count == 0, destinations, "Snapshots stay on the platform.", "Leave the destinations of a snapshot rule out.");
        }
        else
        {
            problems.Require(
                primary is not null, destinations + ".primaryBackupDestination", "It is missing or not active.", "Send an active primary destination.");
            problems.Require(
                secondary is null || secondary.DestinationGuid != primary?.DestinationGuid,
                destinations + ".secondaryBackupDestination", "It is the primary destination.", "Choose another destination for the copy.");
        }

        return new RuleModel
        {
            Guid = config.Rule.Guid,
            Name = config.Rule.Name,
            Active = config.Rule.Active,
            Primary = primary,
            Secondary = secondary,
            Snapshots = snapshots ? RetentionSettings.OfSnapshots(config.Rule, path, problems) : null,
            Schedules = [.. config.Schedules.Distinct()],
        };
    }

    private static RuleTarget? Target(RuleConfig config, DestinationRole role, TimeZoneInfo zone, string path, FieldProblems problems)
    {
        RuleDestination[] found = [.. config.Destinations.Where(destination => destination.Role == role)];
        if (!problems.Require(found.Length <= 1, path, "It is given more than once.", "Send it once.") || found is not [{ Active: true } destination])
        {
            return null;
        }

        problems.Range(destination.LockDays, 0, LockDaysMax, path + ".daysToKeepRetentionLock");
        return new RuleTarget(
            destination.DestinationGuid,
            TimeSpan.FromDays(Math.Clamp(destination.LockDays, 0, LockDaysMax)),
            RetentionSettings.Of(destination, zone, path, problems));
    }
}
