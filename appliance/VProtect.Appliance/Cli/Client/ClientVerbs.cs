using VProtect.Appliance.Cli.Client.Requests;

namespace VProtect.Appliance.Cli.Client;

/// <summary>Makes verbs that speak to a server: what they share is here, what differs is a table in each area.</summary>
internal sealed partial class ClientVerbs(CommonOptions common, Terminal terminal)
{
    public ClientOptions Options { get; } = new();

    public Terminal Terminal => terminal;

    /// <summary>A verb with verbs below it: <c>vprotect NOUN …</c>.</summary>
    public Verb Area(string name, string description, params Verb[] verbs)
    {
        var area = new Verb(name, description) { IsOfServer = true };
        foreach (Verb verb in verbs)
        {
            area.Subcommands.Add(verb);
        }

        return WithOptions(area);
    }

    /// <summary>A verb of its own, directly below the program.</summary>
    public Verb Alone(Verb verb)
    {
        verb.IsOfServer = true;
        return WithOptions(verb);
    }

    /// <summary>Gives a verb its work; the connection is closed after it.</summary>
    public Verb Doing(Verb verb, Func<ClientInvocation, CancellationToken, Task<int>> work) =>
        verb.Doing(common, terminal, async (invocation, cancellationToken) =>
        {
            using var client = new ClientInvocation(invocation, Options);
            return await work(client, cancellationToken);
        });

    /// <summary>Adds the options of fields.</summary>
    public static Verb With(Verb verb, IEnumerable<Field> fields)
    {
        foreach (Field field in fields)
        {
            verb.Options.Add(field.Option);
        }

        return verb;
    }

    private Verb WithOptions(Verb verb)
    {
        verb.Options.Add(Options.Context);
        verb.Options.Add(Options.Server);
        verb.Options.Add(Options.Fingerprint);
        return verb;
    }
}
