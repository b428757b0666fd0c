using VProtect.Catalog.Policies;
using VProtect.Server.Policies;
using VProtect.Server.Validation;
using static VProtect.Server.Tests.Policies.PolicyConfigs;

namespace VProtect.Server.Tests.Policies;

public sealed class PolicyValidationTests
{
    private const string Primary = "rules[0].ruleBackupDestinations.primaryBackupDestination";
    private const string Secondary = "rules[0].ruleBackupDestinations.secondaryBackupDestination";

    [Fact]
    public void A_policy_keeps_what_was_written()
    {
        PolicyConfig config = Backup("gold", 70) with { TimeZone = "Europe/Warsaw" };
        RuleDestination primary = config.Rules[0].Destinations[0] with
        {
            KeepLastFull = 4,
            KeepIncrementalNewerThan = TimeSpan.FromDays(9),
            KeepDaily = 7,
            LockDays = 3,
            KeepLastWhilePresent = true,
        };
        RuleDestination copy = To(config.Rules[0].Rule, DestinationRole.Secondary);

        RuleModel rule = (config with { Rules = [config.Rules[0] with { Destinations = [copy, primary] }] }).Valid().Rules[0];

        Assert.Equal(primary.DestinationGuid, rule.Primary!.DestinationGuid);
        Assert.Equal(TimeSpan.FromDays(3), rule.Primary.Lock);
        Assert.Equal(4, rule.Primary.Retention.Full.Versions);
        Assert.Equal(TimeSpan.FromDays(9), rule.Primary.Retention.Incremental.Age);
        Assert.Equal(7, rule.Primary.Retention.Slots.Daily);
        Assert.Equal("Europe/Warsaw", rule.Primary.Retention.Zone.Id);
        Assert.Equal(copy.DestinationGuid, rule.Secondary!.DestinationGuid);
        Assert.Null(rule.Snapshots);
    }

    [Fact]
    public void A_snapshot_rule_keeps_versions_and_days()
    {
        RuleModel rule = Snapshots().Valid().Rules[0];

        Assert.Equal((3, TimeSpan.FromDays(2)), (rule.Snapshots!.Full.Versions, rule.Snapshots.Full.Age));
        Assert.False(rule.Snapshots.KeepLastWhilePresent);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("priority")]
    [InlineData("backupRetryCount")]
    [InlineData("failRemainingBackupTasksExportThreshold")]
    [InlineData("failRemainingBackupTasksStoreThreshold")]
    [InlineData("retryDelay")]
    [InlineData("rpo")]
    public void A_wrong_field_of_the_policy_is_named(string field)
    {
        Policy policy = Backup().Policy;
        policy = field switch
        {
            "name" => policy with { Name = "" },
            "priority" => policy with { Priority = 101 },
            "backupRetryCount" => policy with { RetryCount = -1 },
            "failRemainingBackupTasksExportThreshold" => policy with { FailExportThreshold = 0 },
            "failRemainingBackupTasksStoreThreshold" => policy with { FailStoreThreshold = 0 },
            "retryDelay" => policy with { RetryDelay = TimeSpan.FromDays(2) },
            _ => policy with { Rpo = TimeSpan.Zero },
        };

        Assert.Equal([field], Refused(Backup() with { Policy = policy }));
    }

    [Theory]
    [InlineData(@"(a)\1")]
    [InlineData("(?=a)")]
    [InlineData("(")]
    [InlineData("a)|(b")]
    public void An_expression_that_cannot_be_used_is_named(string expression) => Assert.Equal(
        ["autoAssignSettings.excludeRegExps[1]"],
        Refused(Backup().Auto(
            AutoAssignMode.AssignOnly,
            (PolicyMatchKind.IncludeRegExp, ".*"), (PolicyMatchKind.ExcludeRegExp, "ok"), (PolicyMatchKind.ExcludeRegExp, expression))));

    [Fact]
    public void Wrong_destinations_are_named()
    {
        PolicyConfig config = Backup();
        RuleConfig rule = config.Rules[0];
        RuleDestination primary = rule.Destinations[0];

        Assert.Equal([Primary], Refused(With()));
        Assert.Equal([Primary], Refused(With(primary with { Active = false })));
        Assert.Equal([Secondary], Refused(With(primary, primary with { Role = DestinationRole.Secondary })));
        Assert.Equal([Primary + ".daysToKeepRetentionLock"], Refused(With(primary with { LockDays = -1 })));
        Assert.Equal(
            [Primary + ".backupRetentionSettings.keepWeekly", Primary + ".backupRetentionSettings.retentionKeepLastNFull"],
            Refused(With(primary with { KeepWeekly = -1, KeepLastFull = 0 })));
        Assert.Equal(
            ["rules[0].ruleBackupDestinations"],
            Refused(Snapshots() with { Rules = [rule] }));

        PolicyConfig With(params RuleDestination[] destinations) => config with { Rules = [rule with { Destinations = destinations }] };
    }

    private static string[] Refused(PolicyConfig config) =>
        [.. Assert.Throws<InvalidFieldsException>(() => PolicyValidation.Validate(config)).Fields.Select(problem => problem.Field)];
}
