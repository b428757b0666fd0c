using System.CommandLine;

namespace VProtect.Appliance.Cli;

/// <summary>A command with examples in its help and the work it does.</summary>
internal sealed class Verb(string name, string description) : Command(name, description)
{
    /// <summary>What to type, and what it does, as <c>--help</c> shows them.</summary>
    public IReadOnlyList<(string Line, string Meaning)> Examples { get; private set; } = [];

    /// <summary>Whether it speaks to a server; help lists those apart from what works on a repository.</summary>
    public bool IsOfServer { get; set; }

    public Verb WithExamples(params (string Line, string Meaning)[] examples)
    {
        Examples = examples;
        return this;
    }

    /// <summary>Gives the verb its work.</summary>
    public Verb Doing(CommonOptions common, Terminal terminal, Func<Invocation, CancellationToken, Task<int>> work)
    {
        SetAction((parsed, cancellationToken) => work(new Invocation(parsed, common, terminal), cancellationToken));
        return this;
    }
}
