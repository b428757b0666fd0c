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
            AccessVerbs.NewUser(verbs),
            AccessVerbs.NewToken(verbs),
            AccessVerbs.NewAudit(verbs),
            SettingsVerbs.NewSettings(verbs),
            SettingsVerbs.NewMailingList(verbs),
            SettingsVerbs.NewCertificate(verbs),
            ApiVerb.New(verbs),
        ];
    }
}
