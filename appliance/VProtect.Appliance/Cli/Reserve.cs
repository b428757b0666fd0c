using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary>The space that backups leave free, as typed: <c>--reserve</c>, else VPROTECT_RESERVE, else the default.</summary>
internal static class Reserve
{
    private const string Variable = "VPROTECT_RESERVE";

    public static Option<string?> NewOption() => new("--reserve")
    {
        Description = "Space of the repository that backups leave free, so that forget and gc always work. Otherwise VPROTECT_RESERVE, otherwise 5 %, 256 MiB to 10 GiB.",
        HelpName = "SIZE",
    };

    /// <summary>Bytes; null for the default.</summary>
    /// <exception cref="VProtectException">What was typed is not a size.</exception>
    public static long? BytesOf(Invocation invocation, Option<string?> option)
    {
        string? text = invocation.Parsed.GetValue(option) ?? invocation.Terminal.Variable(Variable);
        return string.IsNullOrWhiteSpace(text) ? null
            : SizeText.TryParse(text, out long bytes) ? bytes
            : throw Invocation.BadArgument($"'{text}' is not a size.", $"Write --reserve or {Variable} as a number of bytes or with K, M, G, T: 20G; 0 for none.");
    }

    /// <summary>Bytes in a store.</summary>
    public static long In(StoreSpace space, long? chosenBytes) => chosenBytes ?? SpaceReserve.DefaultBytes(space.TotalBytes);
}
