using System.Globalization;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution.GuestFiles;

/// <summary>What a script said of one of the things that it was given.</summary>
/// <param name="Word">What became of it.</param>
/// <param name="Text">What there is to say, as the guest said it; may be empty.</param>
internal readonly record struct ScriptAnswer(string Word, string Text);

/// <summary>Runs <see cref="GuestScripts"/> in a machine.</summary>
internal sealed class GuestScriptRunner(IConnector connector, string machineUuid)
{
    /// <summary>For a script, besides what it needs to read content.</summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(10);

    /// <summary>The slowest disk that a guest hashes its files from.</summary>
    private const long BytesPerSecondMin = 4 << 20;

    private static readonly Dictionary<string, string> Environment = new(StringComparer.Ordinal)
    {
        ["LC_ALL"] = "C",
        ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
    };

    /// <summary>Runs one on its arguments.</summary>
    /// <param name="script">Which.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="contentBytes">Content of files that it reads, bytes.</param>
    /// <param name="cancellationToken">Stops waiting; the script goes on.</param>
    public async Task<GuestCommandResult> RunAsync(string script, IReadOnlyList<byte[]> arguments, long contentBytes, CancellationToken cancellationToken)
    {
        using var input = new MemoryStream();
        foreach (byte[] argument in arguments)
        {
            input.Write(argument);
            input.WriteByte(0);
        }

        IReadOnlyList<string> command = arguments.Count == 0
            ? ["/bin/sh", "-c", Line(script), "sh"]
            : ["/usr/bin/xargs", "-0", "/bin/sh", "-c", Line(script), "sh"];
        TimeSpan time = TimeMax + TimeSpan.FromSeconds(contentBytes / BytesPerSecondMin);
        return await connector.RunInGuestAsync(new GuestCommand(machineUuid, command, Environment, time) { Input = input.ToArray() }, cancellationToken);
    }

    /// <summary>Runs one on several things, each with its arguments, the first of which is its number: its place in the list.</summary>
    /// <returns>An answer for each.</returns>
    public async Task<ScriptAnswer[]> RunOnAsync(string script, IReadOnlyList<byte[][]> things, long contentBytes, CancellationToken cancellationToken)
    {
        var arguments = new List<byte[]>();
        foreach ((int number, byte[][] thing) in things.Index())
        {
            arguments.Add(Text(number.ToString(CultureInfo.InvariantCulture)));
            arguments.AddRange(thing);
        }

        GuestCommandResult result = await RunAsync(script, arguments, contentBytes, cancellationToken);
        var answers = new ScriptAnswer[things.Count];
        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', 3);
            if (words.Length == 3 && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < answers.Length)
            {
                answers[number] = new ScriptAnswer(words[1], words[2]);
            }
        }

        return result.ExitCode == 0 && answers.All(answer => answer.Word is not null) ? answers : throw new VProtectException(
            ErrorCode.PlatformFailed, ErrorSide.Platform, $"A script in the machine ended with {result.ExitCode}: {FirstLine(result)}",
            "The machine needs a POSIX sh, xargs and the usual small programs (coreutils, findutils).");
    }

    /// <summary>The first line of what went wrong.</summary>
    public static string FirstLine(GuestCommandResult result) =>
        result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() is { } line
            ? line[..Math.Min(line.Length, 300)]
            : "it says nothing.";

    public static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>As a shell reads it, wherever this was compiled.</summary>
    private static string Line(string script) => script.ReplaceLineEndings("\n");
}
