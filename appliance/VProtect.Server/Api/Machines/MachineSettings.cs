using System.Globalization;
using VProtect.Catalog.Inventory;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Machines;

/// <summary>Settings from requests onto machines.</summary>
internal static class MachineSettings
{
    private const int ArgumentsMax = 100;
    private const int ArgumentLengthMax = 10_000;
    private const int CodesMax = 256;

    /// <summary>The machine with what was sent; policies are not looked at here.</summary>
    /// <exception cref="InvalidFieldException">A value is refused.</exception>
    public static Machine Applied(Machine before, MachineSettingsRequest request)
    {
        if (request.SshPort is < 1 or > 65_535)
        {
            throw new InvalidFieldException("sshPort", "It is no port.", "Send a number from 1 to 65535.");
        }

        return before with
        {
            ExportMode = TextField.Applied("vmExportImportMode", before.ExportMode, request.VmExportImportMode?.Name, lengthMax: 100),
            Quiesce = request.QuiesceBeforeSnapshot ?? before.Quiesce,
            SshHost = TextField.Applied("sshHost", before.SshHost, request.SshHost, lengthMax: 255),
            SshPort = request.SshPort ?? before.SshPort,
            SshUser = TextField.Applied("sshUser", before.SshUser, request.SshUser, lengthMax: 255),
            SshKeyPath = TextField.Applied("sshKeyPath", before.SshKeyPath, request.SshKeyPath),
            PreCommandEnabled = Enabled("preSnapCmdArgs", request.PreSnapCmdExecEnabled ?? before.PreCommandEnabled, request.PreSnapCmdArgs ?? before.PreCommandArgs),
            PreCommandArgs = Arguments("preSnapCmdArgs", request.PreSnapCmdArgs) ?? before.PreCommandArgs,
            PreCommandIgnoredExitCodes = Codes("preSnapIgnoredExitCodes", request.PreSnapIgnoredExitCodes) ?? before.PreCommandIgnoredExitCodes,
            PreCommandErrors = request.PreSnapStdErrorHandling ?? before.PreCommandErrors,
            PostCommandEnabled = Enabled("postSnapCmdArgs", request.PostSnapCmdExecEnabled ?? before.PostCommandEnabled, request.PostSnapCmdArgs ?? before.PostCommandArgs),
            PostCommandArgs = Arguments("postSnapCmdArgs", request.PostSnapCmdArgs) ?? before.PostCommandArgs,
            PostCommandIgnoredExitCodes = Codes("postSnapIgnoredExitCodes", request.PostSnapIgnoredExitCodes) ?? before.PostCommandIgnoredExitCodes,
            PostCommandErrors = request.PostSnapStdErrorHandling ?? before.PostCommandErrors,
        };
    }

    private static bool Enabled(string field, bool isEnabled, IReadOnlyList<string> arguments) => isEnabled && (arguments.Count == 0 || string.IsNullOrEmpty(arguments[0]))
        ? throw new InvalidFieldException(field, "There is no command to run.", "Send program and arguments, each by itself.")
        : isEnabled;

    private static IReadOnlyList<string>? Arguments(string field, IReadOnlyList<string>? sent)
    {
        if (sent is not null && (sent.Count > ArgumentsMax || sent.Any(one => one is null || one.Length > ArgumentLengthMax || one.Contains('\0', StringComparison.Ordinal))))
        {
            throw new InvalidFieldException(field, "There are too many, or one is too long.", $"Send at most {ArgumentsMax} of at most {ArgumentLengthMax} characters.");
        }

        return sent;
    }

    private static List<string>? Codes(string field, IReadOnlyList<int>? sent)
    {
        if (sent is not null && (sent.Count > CodesMax || sent.Any(code => code is < 0 or > 255)))
        {
            throw new InvalidFieldException(field, "One is no exit code.", "Send numbers from 0 to 255.");
        }

        return sent?.Distinct().Order().Select(code => code.ToString(CultureInfo.InvariantCulture)).ToList();
    }
}
