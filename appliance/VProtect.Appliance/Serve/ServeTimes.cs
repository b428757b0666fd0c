namespace VProtect.Appliance.Serve;

/// <summary>
/// How long a stop may take: tasks end first, then requests, then the process. systemd waits for 30 s (<c>vprotect.service</c>), so all of it stays below.
/// </summary>
internal static class ServeTimes
{
    /// <summary>What each waits less than the one around it.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);

    /// <summary>After a signal the process is ended, whatever hangs.</summary>
    public static readonly TimeSpan Process = TimeSpan.FromSeconds(26);

    /// <summary>For requests and hosted services.</summary>
    public static readonly TimeSpan Server = Process - Margin;
}
