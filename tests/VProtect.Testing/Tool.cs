using System.Diagnostics;

namespace VProtect.Testing;

/// <summary>Runs a program of the system that tests compare us with.</summary>
public static class Tool
{
    /// <summary>Runs it to its end; fails the test when it fails.</summary>
    /// <returns>What it wrote to standard output.</returns>
    public static string Run(string program, params string[] arguments)
    {
        (int exitCode, string output, string error) = TryRun(program, arguments);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {exitCode} {output} {error}");
    }

    /// <summary>Runs it to its end.</summary>
    public static (int ExitCode, string Output, string Error) TryRun(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
