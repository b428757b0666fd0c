using System.Diagnostics;
using System.Text.Json;
using VProtect.Appliance.Cli;

namespace VProtect.Appliance.Tests.Cli;

/// <summary>A directory of its own for one test, with disks in it, and the program run there, in this process or as one.</summary>
internal sealed class Workplace : IDisposable
{
    public Workplace()
    {
        Root = Directory.CreateTempSubdirectory("vprotect-cli-").FullName;
        Repo = Path.Combine(Root, "repo");
        Variables = new()
        {
            ["VPROTECT_PASSPHRASE"] = "correct horse",
            ["VPROTECT_STATE"] = Path.Combine(Root, "state"),
            ["VPROTECT_REPOSITORY"] = Repo,
        };
    }

    public string Root { get; }

    public string Repo { get; }

    public Dictionary<string, string?> Variables { get; }

    /// <summary>A workplace with an encrypted repository of small packs.</summary>
    public static async Task<Workplace> WithRepositoryAsync()
    {
        var workplace = new Workplace();
        Outcome made = await workplace.RunAsync("repo", "init", "--pack-size", "4M", "--chunk-size", "16K", "--no-recovery-key");
        Assert.Equal(0, made.ExitCode);
        return workplace;
    }

    public string PathOf(string name) => Path.Combine(Root, name);

    /// <summary>Makes a disk of random bytes with a hole in the middle.</summary>
    public string MakeDisk(string name, int seed, int lengthBytes = 3 << 20)
    {
        byte[] content = new byte[lengthBytes];
        new Random(seed).NextBytes(content);
        content.AsSpan(lengthBytes / 3, lengthBytes / 3).Clear();
        string path = PathOf(name);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Backs up and gives the restore point's id.</summary>
    public async Task<string> BackUpAsync(string disk, string machine = "web1", params string[] more)
    {
        Outcome outcome = await RunAsync(["backup", disk, "--machine", machine, "--json", .. more]);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return outcome.Json().GetProperty("restorePoint").GetString()!;
    }

    public async Task<Outcome> RunAsync(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var terminal = new Terminal { Out = output, Error = error, Variable = name => Variables.GetValueOrDefault(name) };
        int exitCode = await CommandLine.RunAsync(args, terminal, CancellationToken.None);
        return new Outcome(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Starts the built program; its streams are the caller's.</summary>
    public Process Start(params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "vprotect"), args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Root,
        };
        foreach ((string name, string? value) in Variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>What a run of the program answered.</summary>
internal sealed record Outcome(int ExitCode, string Out, string Error)
{
    /// <summary>The one document on standard output.</summary>
    public JsonElement Json() => JsonDocument.Parse(Out).RootElement;
}
