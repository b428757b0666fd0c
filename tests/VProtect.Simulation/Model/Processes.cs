namespace VProtect.Simulation.Model;

/// <summary>All who act: writers, then collectors, then those who forget, then those who hold.</summary>
internal static class Processes
{
    public static bool CanStep(World world, Scenario scenario, int process)
    {
        Local local = world.LocalOf(process);
        if (local.IsDead != 0)
        {
            return false;
        }

        int index = process;
        if (index < scenario.Writers.Count)
        {
            // Writers that do the same are interchangeable: they begin in order.
            bool waits = index > 0 && scenario.Writers[index - 1] == scenario.Writers[index] && !HasBegun(world.LocalOf(index - 1));
            return !waits && local.Next != (byte)WriterProcess.Step.Done;
        }

        index -= scenario.Writers.Count;
        if (index < scenario.Collectors.Count)
        {
            return local.Runs < scenario.Collectors[index].Runs;
        }

        index -= scenario.Collectors.Count;
        return local.Next != OperatorProcess.DoneOf(holds: index >= scenario.Forgets.Count);
    }

    public static string? Take(World world, Scenario scenario, int process, Choice choice)
    {
        int index = process;
        if (index < scenario.Writers.Count)
        {
            return WriterProcess.Take(world, scenario, index, choice);
        }

        index -= scenario.Writers.Count;
        if (index < scenario.Collectors.Count)
        {
            return CollectorProcess.Take(world, scenario, process, scenario.Collectors[index], choice);
        }

        index -= scenario.Collectors.Count;
        return index < scenario.Forgets.Count
            ? OperatorProcess.Forget(world, process, scenario.Forgets[index])
            : OperatorProcess.Hold(world, scenario, process, scenario.Holds[index - scenario.Forgets.Count]);
    }

    /// <summary>Writers and collectors die once they have begun; before, they would only not be there.</summary>
    public static bool CanDie(World world, Scenario scenario, int process) =>
        process < scenario.Writers.Count + scenario.Collectors.Count && world.Crashes < scenario.CrashesMax && HasBegun(world.LocalOf(process));

    public static void Die(World world, int process)
    {
        Local local = world.LocalOf(process);
        local.Clear(from: 0);
        local.IsDead = 1;
        world.Crashes++;
    }

    public static string NameOf(Scenario scenario, int process)
    {
        int index = process - scenario.Writers.Count;
        return index < 0 ? $"writer {process}"
            : index < scenario.Collectors.Count ? $"collector {index}"
            : index - scenario.Collectors.Count < scenario.Forgets.Count ? "who forgets"
            : "who holds";
    }

    public static string StepOf(World world, Scenario scenario, int process)
    {
        byte next = world.LocalOf(process).Next;
        return process < scenario.Writers.Count ? ((WriterProcess.Step)next).ToString()
            : process < scenario.Writers.Count + scenario.Collectors.Count ? ((CollectorProcess.Step)next).ToString()
            : $"step {next}";
    }

    private static bool HasBegun(Local local) => local.Next != 0 || local.IsDead != 0;
}
