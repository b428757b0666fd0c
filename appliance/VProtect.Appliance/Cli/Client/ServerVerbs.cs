using System.CommandLine;
using VProtect.Appliance.Cli.Client.Areas;

namespace VProtect.Appliance.Cli.Client;

/// <summary>All verbs that speak to a server, in the order of help.</summary>
internal static class ServerVerbs
{
    public static IEnumerable<Command> New(CommonOptions common, Terminal terminal)
    {
        var verbs = new ClientVerbs(common, terminal);
        return
        [
            LoginVerb.New(verbs),
            ContextVerbs.NewLogout(verbs),
            ContextVerbs.New(verbs),
            StatusVerbs.New(verbs),
            MachineVerbs.New(verbs),
            PointVerbs.New(verbs),
            MountVerbs.New(verbs),
            FileVerbs.New(verbs),
            TaskVerbs.New(verbs),
            TaskVerbs.NewWorkflow(verbs),
            PolicyVerbs.NewBackup(verbs),
            RuleVerbs.NewBackup(verbs),
            PolicyVerbs.NewSnapshot(verbs),
            RuleVerbs.NewSnapshot(verbs),
            ScheduleVerbs.New(verbs),
            RecoveryVerbs.New(verbs),
            DestinationVerbs.New(verbs),
            InfrastructureVerbs.NewHypervisor(verbs),
            InfrastructureVerbs.NewManager(verbs),
            InfrastructureVerbs.NewCredential(verbs),
            InfrastructureVerbs.NewNode(verbs, common, terminal),
            InfrastructureVerbs.NewNodeConfig(verbs),
            AccessVerbs.NewUser(verbs),
            RoleVerbs.New(verbs),
            RoleVerbs.NewGroup(verbs),
            DirectoryVerbs.New(verbs),
            SessionVerbs.New(verbs),
            SessionVerbs.NewSecondFactor(verbs),
            AccessVerbs.NewToken(verbs),
            AccessVerbs.NewAudit(verbs),
            ApplianceVerbs.New(verbs),
            SettingsVerbs.NewSettings(verbs),
            SettingsVerbs.NewMailingList(verbs),
            TelemetryVerbs.New(verbs),
            SettingsVerbs.NewCertificate(verbs),
            StatusVerbs.NewReport(verbs),
            StatusVerbs.NewChargeback(verbs),
            ApiVerb.New(verbs),
        ];
    }
}
