using VProtect.Catalog.Policies;
using VProtect.Server.Validation;

namespace VProtect.Server.Policies;

/// <summary>Policy as written → policy that can act. Fields are named as the API spells them.</summary>
internal static class PolicyValidation
{
    private const int NameLengthMax = 255;

    /// <summary>Checks a policy with its rules.</summary>
    /// <exception cref="InvalidFieldsException">Something is wrong; it names every field.</exception>
    public static PolicyModel Validate(PolicyConfig config)
    {
        var problems = new FieldProblems();
        Policy policy = config.Policy;
        Name(policy.Name, "name", problems);
        problems.Range(policy.Priority, 0, 100, "priority");
        problems.Range(policy.RetryCount, 0, 100, "backupRetryCount");
        problems.Range(policy.FailExportThreshold, 1, 1_000_000, "failRemainingBackupTasksExportThreshold");
        problems.Range(policy.FailStoreThreshold, 1, 1_000_000, "failRemainingBackupTasksStoreThreshold");
        problems.Require(
            policy.RetryDelay >= TimeSpan.Zero && policy.RetryDelay <= TimeSpan.FromDays(1),
            "retryDelay", "It is out of range.", "Send milliseconds from 0 to 86400000 (a day).");
        problems.Require(policy.Rpo is null || policy.Rpo > TimeSpan.Zero, "rpo", "It is not positive.", "Send milliseconds from 1, or null.");
        TimeZoneInfo zone = problems.Zone(config.TimeZone, "timeZone");
        AutoAssignRules autoAssign = AutoAssign(config, problems);
        List<RuleModel> rules = [];
        foreach ((int i, RuleConfig rule) in config.Rules.OrderBy(rule => rule.Rule.Position).Index())
        {
            rules.Add(RuleValidation.Check(rule, policy.Kind, zone, $"rules[{i}]", problems));
        }

        problems.ThrowIfAny();
        return new PolicyModel
        {
            Guid = policy.Guid,
            Name = policy.Name,
            Kind = policy.Kind,
            Active = policy.Active,
            Priority = policy.Priority,
            TenantId = policy.TenantId,
            AutoRemoveNonPresent = policy.AutoRemoveNonPresent,
            AutoAssignMode = policy.AutoAssignMode,
            AutoAssign = autoAssign,
            Rpo = policy.Rpo,
            Rules = rules,
        };
    }

    /// <summary>Checks a name.</summary>
    internal static void Name(string name, string field, FieldProblems problems) => problems.Require(
        !string.IsNullOrWhiteSpace(name) && name.Length <= NameLengthMax,
        field, "It is empty or too long.", $"Send a name of 1 to {NameLengthMax} characters.");

    private static AutoAssignRules AutoAssign(PolicyConfig config, FieldProblems problems)
    {
        return new AutoAssignRules
        {
            IncludeTags = Values(PolicyMatchKind.IncludeTag, "includeTags"),
            ExcludeTags = Values(PolicyMatchKind.ExcludeTag, "excludeTags"),
            IncludeNames = Patterns(PolicyMatchKind.IncludeRegExp, "includeRegExps"),
            ExcludeNames = Patterns(PolicyMatchKind.ExcludeRegExp, "excludeRegExps"),
            Clusters = [.. config.Clusters],
        };

        List<string> Values(PolicyMatchKind kind, string field)
        {
            List<string> values = [.. config.Matches.Where(match => match.Kind == kind).Select(match => match.Value)];
            foreach ((int i, string value) in values.Index())
            {
                problems.Require(value.Length > 0, $"autoAssignSettings.{field}[{i}]", "It is empty.", "Leave it out.");
            }

            return values;
        }

        List<NamePattern> Patterns(PolicyMatchKind kind, string field)
        {
            List<NamePattern> patterns = [];
            foreach ((int i, string expression) in Values(kind, field).Index())
            {
                try
                {
                    patterns.Add(new NamePattern(expression));
                }
                catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
                {
                    problems.Add(
                        $"autoAssignSettings.{field}[{i}]",
                        $"'{expression}' is no regular expression that can be used: {wrong.Message}",
                        "Send one for the whole name, without back references and look-arounds, for example 'prod-.*'.");
                }
            }

            return patterns;
        }
    }
}
