using System.ComponentModel;
using System.Diagnostics;

namespace VProtect.Abstractions;

/// <summary>Starts programs, and those of the machine: what is given by name alone comes from a directory of <c>PATH</c>.</summary>
/// <remarks>.NET alone would look beside our own program and in the current directory first: it runs <c>./test</c> for <c>test</c>.</remarks>
public static class Programs
{
    private const int NoSuchFile = 2;

    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Starts one.</summary>
    /// <param name="info">What; its <see cref="ProcessStartInfo.FileName"/> becomes the whole path.</param>
    /// <returns>The caller's.</returns>
    /// <exception cref="Win32Exception">It is not there, or may not be started.</exception>
    public static Process Start(ProcessStartInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        info.FileName = Find(info.FileName) ?? throw new Win32Exception(NoSuchFile, $"There is no program '{info.FileName}' in PATH.");
        return Process.Start(info)!;
    }

    /// <summary>The path of a program; what has a slash is one already. Null when no absolute directory of <c>PATH</c> has it.</summary>
    public static string? Find(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return name;
        }

        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':');
        return directories.Where(Path.IsPathRooted).Select(directory => Path.Join(directory, name)).FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string path)
    {
        try
        {
            return File.Exists(path) && (File.GetUnixFileMode(path) & Executable) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
