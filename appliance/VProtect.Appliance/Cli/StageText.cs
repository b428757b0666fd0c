using System.Globalization;
using VProtect.Mover;

namespace VProtect.Appliance.Cli;

/// <summary>Where the time went.</summary>
internal static class StageText
{
    public static string Name(Stage stage) => stage switch
    {
        Stage.LookUp => "lookUp",
        _ => stage.ToString().ToLowerInvariant(),
    };

    /// <summary>Busy time by stage, summed over threads, as cores kept busy on average: what is near the number of processors bounds.</summary>
    public static void Write(TextWriter writer, StageClock clock, TimeSpan duration)
    {
        writer.WriteLine("  busy, summed over threads:");
        foreach (Stage stage in Enum.GetValues<Stage>())
        {
            TimeSpan busy = clock[stage];
            if (busy > TimeSpan.Zero)
            {
                string threads = (busy / duration).ToString("0.00", CultureInfo.InvariantCulture);
                writer.WriteLine($"    {Label(stage),-10} {SizeText.Of(busy),12}   {threads,6} threads");
            }
        }
    }

    private static string Label(Stage stage) => stage == Stage.LookUp ? "look up" : Name(stage);
}
