namespace VProtect.Appliance.Cli;

/// <summary>Where this machine keeps what it knows of repositories: chunk index, ledger, journal of verifications.</summary>
internal static class StateDirectory
{
    /// <summary>As told, or in the user's cache; null when there is no place.</summary>
    public static string? Of(Invocation invocation)
    {
        string? Set(string name) => invocation.Terminal.Variable(name) is { Length: > 0 } value ? value : null;
        return invocation.Parsed.GetValue(invocation.Common.State)
            ?? Set("VPROTECT_STATE")
            ?? (Set("XDG_CACHE_HOME") is { } cache ? Path.Combine(cache, "vprotect")
                : Set("HOME") is { } home ? Path.Combine(home, ".cache", "vprotect")
                : null);
    }
}
