using System.CommandLine;

namespace VProtect.Appliance.Cli;

/// <summary>How restore points are named on the command line.</summary>
internal static class RestorePoints
{
    public static Argument<string> NewArgument(string name) => new(name)
    {
        Description = "A restore point: its id, the first 4 digits or more of it, or 'latest'.",
    };

    public static Argument<string[]> NewListArgument(string name) => new(name)
    {
        Description = "Restore points: ids, the first 4 digits or more of them, or 'latest'.",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Option<string?> NewMachineOption() => new("--machine", "-m")
    {
        Description = "Of this machine: narrows 'latest' and short ids.",
        HelpName = "NAME",
    };
}
