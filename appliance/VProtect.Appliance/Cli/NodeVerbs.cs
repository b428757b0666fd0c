using System.CommandLine;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Node.Remote;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect node join|move</c>: what is done on the node's own machine, without a login.</summary>
internal static class NodeVerbs
{
    public static Verb NewJoin(CommonOptions common, Terminal terminal)
    {
        Option<string> at = NewAt();
        Option<string> data = NewData();
        Option<string?> token = NewToken("node add");
        Option<string?> file = NewTokenFile();
        return new Verb("join", "Makes this machine a node of a server. Run here, with the token that the server told.") { at, token, file, data }
            .WithExamples(
                ("vprotect node join --at backup.example.org --token vpn1_…", "then: vprotect serve --role node"),
                ("vprotect node join --at 192.0.2.10:8182 --token-file - --data ./node", "the token from standard input"))
            .Doing(common, terminal, async (invocation, cancellationToken) =>
            {
                string word = await TokenAsync(invocation.Terminal, invocation.Parsed.GetValue(token), invocation.Parsed.GetValue(file), "node add", cancellationToken);
                string directory = invocation.Parsed.GetRequiredValue(data);
                NodeIdentity identity = await NodeJoin.JoinAsync(directory, invocation.Parsed.GetRequiredValue(at), word, cancellationToken);
                invocation.Terminal.Error.WriteLine($"This machine is the node '{identity.Name}' of the server at {identity.Server}.");
                invocation.Terminal.Error.WriteLine($"Start it:  vprotect serve --role node{(directory == ServeVerb.DefaultData ? "" : $" --data {directory}")}");
                return ExitCodes.Success;
            });
    }

    public static Verb NewMove(CommonOptions common, Terminal terminal)
    {
        Option<string> at = NewAt();
        Option<string> data = NewData();
        return new Verb("move", "Tells this node that its server has another address. Run here; a node that runs follows by itself.") { at, data }
            .WithExamples(("vprotect node move --at backup2.example.org", "the server itself must be the same"))
            .Doing(common, terminal, async (invocation, cancellationToken) =>
            {
                NodeIdentity identity = await NodeJoin.MoveAsync(invocation.Parsed.GetRequiredValue(data), invocation.Parsed.GetRequiredValue(at), cancellationToken);
                invocation.Terminal.Error.WriteLine($"The node '{identity.Name}' calls its server at {identity.Server} now.");
                return ExitCodes.Success;
            });
    }

    /// <summary>The token itself.</summary>
    /// <param name="teller">Verb of the server that told it.</param>
    internal static Option<string?> NewToken(string teller) => new("--token") { Description = $"The token that 'vprotect {teller}' told.", HelpName = "TOKEN" };

    internal static Option<string?> NewTokenFile() => new("--token-file") { Description = "File that holds it; - for standard input.", HelpName = "FILE" };

    internal static Option<string> NewAt() => new("--at")
    {
        Description = $"Where the server listens for nodes; port {NodeWire.DefaultPort} unless another is named.",
        HelpName = "HOST[:PORT]",
        Required = true,
    };

    private static Option<string> NewData() => new("--data")
    {
        Description = $"Directory of the node's key, state and log; made when missing. Otherwise {ServeVerb.DefaultData}.",
        HelpName = "DIR",
        DefaultValueFactory = _ => ServeVerb.DefaultData,
    };

    /// <summary>The token, wherever it is.</summary>
    internal static async Task<string> TokenAsync(Terminal terminal, string? token, string? file, string teller, CancellationToken cancellationToken)
    {
        if (token is not null)
        {
            return token;
        }

        if (file is null)
        {
            throw Invocation.BadArgument("--token is missing.", $"Give --token or --token-file, as 'vprotect {teller}' tells it.");
        }

        try
        {
            return file == "-" ? await terminal.In.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invocation.BadArgument($"--token-file: '{file}' cannot be read: {exception.Message}", "Name a file that holds the token.");
        }
    }
}
