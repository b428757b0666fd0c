using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests;

/// <summary>A repository with its key, and state and temporary files of one test's own. Everything is gone after it.</summary>
internal sealed class Workplace : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <param name="repository">Where; by default beside everything else.</param>
    /// <param name="hasQuickKey">Whether the key is one that needs no stretching: for tests that start hundreds of processes.</param>
    public Workplace(string? repository = null, bool hasQuickKey = false)
    {
        Passphrase = hasQuickKey ? NewRecoveryKey() : "pass phrase " + RandomNumberGenerator.GetHexString(24);

        // Image helpers run as another user and must get through to their socket.
        File.SetUnixFileMode(_directory.Path, (UnixFileMode)0b111_001_001);
        Repository = repository ?? this["repository"];
        Environment = new()
        {
            ["VPROTECT_PASSPHRASE"] = Passphrase,
            ["VPROTECT_STATE"] = this["state"],
            ["VPROTECT_REPOSITORY"] = Repository,
            // The runtime's own sockets for debuggers would stay behind a killed process.
            ["DOTNET_EnableDiagnostics"] = "0",
            ["TMPDIR"] = Directory.CreateDirectory(this["tmp"]).FullName,
        };
        File.SetUnixFileMode(this["tmp"], (UnixFileMode)0b111_111_111);
        Run("repo", "init", Repository, "--pack-size", "4M").Expect(0);
    }

    public Dictionary<string, string> Environment { get; }

    public string Passphrase { get; }

    public string Repository { get; }

    public string this[string name] => Path.Join(_directory.Path, name);

    public VprotectProcess Start(params string[] arguments) => new([VprotectProcess.Binary, .. arguments, "--json"], Environment);

    public Answer Run(params string[] arguments)
    {
        using VprotectProcess process = Start(arguments);
        return process.Wait();
    }

    public Answer RunWithInput(byte[] input, params string[] arguments)
    {
        using var process = new VprotectProcess([VprotectProcess.Binary, .. arguments, "--json"], Environment, input);
        return process.Wait();
    }

    /// <summary>Bound by file permissions, which root is not: the same user, so that the program itself can be read, without capabilities.</summary>
    public Answer RunUnprivileged(params string[] arguments)
    {
        using var process = new VprotectProcess(
            ["setpriv", "--bounding-set=-all", "--inh-caps=-all", VprotectProcess.Binary, .. arguments, "--json"], Environment);
        return process.Wait();
    }

    public JsonElement BackUp(string source, params string[] options) =>
        Run(["backup", source, "--machine", "vm", .. options]).Expect(0).Json;

    public JsonElement Restore(string point, string target, params string[] options) =>
        Run(["restore", point, "--to", target, .. options]).Expect(0).Json;

    /// <summary>SHA-256 of a restore point's disk, through standard output.</summary>
    public string HashOf(string point) => Hash(Run("restore", point, "--to", "-").Expect(0).Output);

    public List<string> Points() =>
        [.. Run("list").Expect(0).Json.GetProperty("restorePoints").EnumerateArray().Select(point => point.GetProperty("id").GetString()!)];

    public void VerifyIsSound()
    {
        Answer answer = Run("repo", "verify", Repository).Expect(0);
        Assert.True(answer.Json.GetProperty("sound").GetBoolean(), answer.Text);
    }

    /// <summary>Nothing half-written in the repository, and nothing beside it.</summary>
    public void NothingTemporaryIsLeft()
    {
        Assert.Empty(Directory.EnumerateFiles(Path.Join(Repository, ".tmp")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(this["tmp"]));
    }

    /// <summary>Every lease has its end beside it: a collection removes both later.</summary>
    public void NoLeaseIsOpen() => Assert.Empty(Objects("leases").Except(Objects("ended")));

    /// <summary>Names of the repository's objects of one kind.</summary>
    public List<string> Objects(string kind)
    {
        string directory = Path.Join(Repository, kind);
        return Directory.Exists(directory) ? [.. Directory.EnumerateFiles(directory).Select(file => Path.GetFileName(file))] : [];
    }

    public List<string> Packs() => [.. Directory.EnumerateFiles(Path.Join(Repository, "packs"), "*", SearchOption.AllDirectories)];

    public static string Hash(byte[] content) => Convert.ToHexString(SHA256.HashData(content));

    public static string HashFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }

    /// <summary>52 letters and digits: 256 bits in base32, and 4 more that are zero.</summary>
    private static string NewRecoveryKey() => RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 51) + "A";

    public void Dispose()
    {
        try
        {
            NoProcessIsLeft();
        }
        finally
        {
            _directory.Dispose();
        }
    }

    /// <summary>Helpers end with their program, killed or not; the kernel may need a moment to do it.</summary>
    private void NoProcessIsLeft()
    {
        string[] left = [];
        for (int attempt = 0; attempt < 500; attempt++)
        {
            left = [.. Process.GetProcesses().Select(process => process.Id).Where(Mentions).Select(id => CommandLineOf(id))];
            if (left.Length == 0)
            {
                return;
            }

            Thread.Sleep(20);
        }

        Assert.Fail($"Still running: {string.Join("; ", left)}");
    }

    private bool Mentions(int id) => CommandLineOf(id).Contains(_directory.Path, StringComparison.Ordinal);

    private static string CommandLineOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
