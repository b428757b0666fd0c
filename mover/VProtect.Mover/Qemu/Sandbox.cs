using System.Globalization;
using System.Security.Cryptography;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Qemu;

/// <summary>
/// What a QEMU program that parses somebody else's image may do. When we are root it runs under a user id that nothing
/// else has; it gets the right to read files (and nothing more) only when that user may not read the image by itself.
/// When we are not root it has our rights. In no case can it gain any, and its memory is limited.
/// </summary>
internal sealed class Sandbox
{
    // The range systemd sets aside for users that exist for one service run only (systemd.io/UIDS-GIDS).
    internal const int UserIdMin = 61184;
    internal const int UserIdMax = 65519;

    // Enough for the metadata of any sane image; a made-up one cannot take the machine with it.
    private const long MemoryBytesMax = 4L << 30;

    private readonly bool _mayReadAll;

    private Sandbox(int? userId, bool mayReadAll)
    {
        UserId = userId;
        _mayReadAll = mayReadAll;
    }

    /// <summary>Our own rights: for images that we make ourselves.</summary>
    internal static Sandbox Own { get; } = new(null, mayReadAll: false);

    /// <summary>The user it runs as; null when it is ours.</summary>
    internal int? UserId { get; }

    /// <summary>The least rights that suffice to read an image.</summary>
    /// <exception cref="QemuException">setpriv is missing.</exception>
    internal static async Task<Sandbox> ForReadingAsync(string path, CancellationToken cancellationToken)
    {
        if (Libc.GetEffectiveUserId() != 0)
        {
            return Own;
        }

        var plain = new Sandbox(RandomNumberGenerator.GetInt32(UserIdMin, UserIdMax + 1), mayReadAll: false);
        (int exitCode, _, _) = await QemuTool.RunAsync(plain, ["test", "-r", path], cancellationToken);
        return exitCode == 0 ? plain : new Sandbox(plain.UserId, mayReadAll: true);
    }

    /// <summary>The arguments with which setpriv starts a command within the sandbox.</summary>
    internal IReadOnlyList<string> ToArguments(IReadOnlyList<string> command)
    {
        List<string> arguments = ["--pdeathsig", "KILL", "--no-new-privs"];
        if (UserId is { } userId)
        {
            string id = userId.ToString(CultureInfo.InvariantCulture);
            string capabilities = _mayReadAll ? "-all,+dac_read_search" : "-all";
            arguments.AddRange(
            [
                "--reuid", id, "--regid", id, "--clear-groups",
                $"--inh-caps={capabilities}", $"--ambient-caps={capabilities}", $"--bounding-set={capabilities}",
            ]);
        }

        arguments.AddRange(["--", "prlimit", string.Create(CultureInfo.InvariantCulture, $"--as={MemoryBytesMax}"), "--core=0", "--"]);
        arguments.AddRange(command);
        return arguments;
    }
}
