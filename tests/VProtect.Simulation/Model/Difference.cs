using System.Globalization;
using System.Text;

namespace VProtect.Simulation.Model;

/// <summary>A step of a trace in words: who did which step, and what changed in the repository.</summary>
internal static class Difference
{
    public static string Describe(Scenario scenario, int process, World before, World after)
    {
        var text = new StringBuilder();
        Local local = after.LocalOf(process);
        text.Append(CultureInfo.InvariantCulture, $"{Processes.NameOf(scenario, process),-11} {Processes.StepOf(before, scenario, process),-15}");
        text.Append(CultureInfo.InvariantCulture, $" g={local.Generation}");
        for (int n = 1; n < World.GenerationCount; n++)
        {
            Span<byte> state = after.StateOf(n);
            if (state[0] != before.StateOf(n)[0])
            {
                string packs = string.Join(' ', Enumerable.Range(0, World.PackCount).Where(pack => after.StateOf(n)[2 + pack] != 0)
                    .Select(pack => $"{pack}:{after.StateOf(n)[2 + pack] & 15}{(after.StateOf(n)[2 + pack] > 15 ? " gone" : "")}"));
                text.Append(state[0] == 0 ? $"; gc/{n} removed" : $"; gc/{n} created [{packs}]");
            }

            for (int slot = 0; slot < World.SlotCount; slot++)
            {
                Lease(text, before, after, n - 1, slot);
            }
        }

        for (int point = 0; point < World.PointCount; point++)
        {
            string[] names = ["none", "committed", "aborted", "removed"];
            Note(text, before.Point(point), after.Point(point), $"point {point} {names[after.Point(point)]}");
            Note(text, before.Mark(point), after.Mark(point), $"mark of {point} {(after.Mark(point) == 1 ? "created" : "removed")}");
            Note(text, before.Hold(point), after.Hold(point), $"hold of {point} is {after.Hold(point)}");
        }

        for (int pack = 0; pack < World.PackCount; pack++)
        {
            string what = after.Pack(pack) == 2 ? "removed" : $"with chunks {Convert.ToString(after.PackChunks(pack), 2)}";
            Note(text, before.Pack(pack), after.Pack(pack), $"pack {pack} {what}");
        }

        return text.ToString();
    }

    private static void Lease(StringBuilder text, World before, World after, int generation, int slot)
    {
        int lease = after.Lease(generation, slot);
        string what = lease == 0 ? "removed" : (lease & 8) != 0 ? "ended" : "taken";
        Note(text, before.Lease(generation, slot), lease, $"lease {generation}/{slot} {what}");
    }

    private static void Note(StringBuilder text, int before, int after, string what) => text.Append(before == after ? "" : $"; {what}");
}
