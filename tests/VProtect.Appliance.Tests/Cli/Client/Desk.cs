using VProtect.Appliance.Cli;

namespace VProtect.Appliance.Tests.Cli.Client;

/// <summary>Somebody at a terminal: a home directory, what is typed, and the program run in this process.</summary>
internal sealed class Desk : IDisposable
{
    private readonly Queue<string> _lines = [];
    private readonly Queue<string> _hidden = [];

    public Desk() => Variables = new() { ["HOME"] = Home };

    public string Home { get; } = Directory.CreateTempSubdirectory("vprotect-desk-").FullName;

    public Dictionary<string, string?> Variables { get; }

    /// <summary>Of the terminal; null when output goes to a file.</summary>
    public int? Width { get; set; }

    public string ContextFile => Path.Join(Home, ".config", "vprotect", "contexts.json");

    /// <summary>A desk of a script: address, certificate and token in the environment.</summary>
    public static Desk At(ApplianceFixture server)
    {
        var desk = new Desk();
        desk.Variables["VPROTECT_SERVER"] = server.Address;
        desk.Variables["VPROTECT_FINGERPRINT"] = server.Fingerprint;
        desk.Variables["VPROTECT_TOKEN"] = server.Token;
        return desk;
    }

    /// <summary>What somebody will type when asked; then a person is at the terminal.</summary>
    public Desk Types(params string[] lines)
    {
        foreach (string line in lines)
        {
            _lines.Enqueue(line);
        }

        return this;
    }

    /// <summary>What somebody will type where it is not shown.</summary>
    public Desk TypesHidden(params string[] lines)
    {
        foreach (string line in lines)
        {
            _hidden.Enqueue(line);
        }

        return this;
    }

    public string FileOf(string name, string content)
    {
        string path = Path.Join(Home, name);
        File.WriteAllText(path, content);
        return path;
    }

    public Task<Outcome> RunAsync(params string[] args) => RunAsync(CancellationToken.None, args);

    public async Task<Outcome> RunAsync(CancellationToken cancellationToken, params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        bool isPerson = _lines.Count + _hidden.Count > 0;
        var terminal = new Terminal
        {
            Out = output,
            Error = error,
            In = new StringReader(string.Join('\n', _lines)),
            IsInputTerminal = isPerson,
            HiddenIn = () => _hidden.Dequeue(),
            Width = Width,
            Variable = name => Variables.GetValueOrDefault(name),
        };
        _lines.Clear();
        int exitCode = await CommandLine.RunAsync(args, terminal, cancellationToken);
        return new Outcome(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs what does not end and interrupts it, again and later when it had not come as far as is wanted.</summary>
    public async Task<Outcome> InterruptAsync(Func<Outcome, bool> hasComeFar, params string[] args)
    {
        for (TimeSpan after = TimeSpan.FromSeconds(0.5); ; after *= 2)
        {
            using var ending = new CancellationTokenSource(after);
            Outcome outcome = await RunAsync(ending.Token, args);
            if (hasComeFar(outcome) || after > TimeSpan.FromMinutes(1))
            {
                return outcome;
            }
        }
    }

    /// <summary>Runs what must succeed, and gives its output.</summary>
    public async Task<string> TellAsync(params string[] args)
    {
        Outcome outcome = await RunAsync(args);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return outcome.Out;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
