using System.CommandLine;
using VProtect.Mover.Qemu;

namespace VProtect.Appliance.Cli;

/// <summary>Image formats as typed.</summary>
internal static class Formats
{
    private static readonly string[] _names = [.. Enum.GetNames<ImageFormat>().Select(name => name.ToLowerInvariant())];

    public static Option<ImageFormat?> NewOption(string description)
    {
        var option = new Option<ImageFormat?>("--format")
        {
            Description = $"{description} One of {string.Join(", ", _names)}.",
            HelpName = "FORMAT",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                int index = Array.IndexOf(_names, text.ToLowerInvariant());
                if (index < 0)
                {
                    result.AddError($"'{text}' is not a format: one of {string.Join(", ", _names)}.");
                    return null;
                }

                return Enum.GetValues<ImageFormat>()[index];
            },
        };
        option.CompletionSources.Add(_names);
        return option;
    }
}
