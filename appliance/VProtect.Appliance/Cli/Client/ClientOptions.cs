using System.CommandLine;

namespace VProtect.Appliance.Cli.Client;

/// <summary>Options that every verb of a server understands.</summary>
internal sealed class ClientOptions
{
    public Option<string?> Context { get; } = new("--context", "-c")
    {
        Description = "The server, by its name in 'vprotect context list'. Otherwise the current one.",
        HelpName = "NAME",
        Recursive = true,
    };

    public Option<string?> Server { get; } = new("--server")
    {
        Description = "The server, by its address. Otherwise VPROTECT_SERVER.",
        HelpName = "ADDRESS",
        Recursive = true,
    };

    public Option<string?> Fingerprint { get; } = new("--fingerprint")
    {
        Description = "The server's certificate, by its SHA-256. Otherwise VPROTECT_FINGERPRINT, otherwise what was trusted at login.",
        HelpName = "SHA256",
        Recursive = true,
    };
}
