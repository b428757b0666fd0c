using Xunit.Abstractions;

namespace VProtect.Simulation.Model;

/// <summary>
/// Goal: no order of steps, deaths, stale listings and suspensions loses a chunk that a restore point needs. Method: every state that can
/// be reached within small bounds is visited (<see cref="Explorer"/>), and in each the invariants are checked.
/// </summary>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. Scenarios.Safe.Select(scenario => scenario.Name)];

    public static TheoryData<Flaw> Flaws => [.. Scenarios.Broken.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Protocol_is_safe_within_bounds(string name) => Check(Scenarios.Safe.Single(scenario => scenario.Name == name));

    [Theory]
    [MemberData(nameof(Flaws))]
    public void Protocol_is_safe_where_a_flaw_is_not(Flaw flaw) => Check(Scenarios.Broken[flaw]);

    [Theory]
    [MemberData(nameof(Flaws))]
    public void Flaw_is_found_out(Flaw flaw)
    {
        Scenario scenario = Scenarios.Broken[flaw] with { Flaw = flaw };
        Exploration found = new Explorer(scenario).Run();
        output.WriteLine($"{flaw}, {scenario.Name}: {found.States:N0} states until {found.Violation}");
        output.WriteLine(string.Join('\n', found.Trace));
        Assert.NotNull(found.Violation);
        Assert.DoesNotContain("the model has too few", found.Violation, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flaw_has_a_scenario() =>
        Assert.Equal(Enum.GetValues<Flaw>().Where(flaw => flaw != Flaw.None).Order(), Scenarios.Broken.Keys.Order());

    private void Check(Scenario scenario)
    {
        Exploration found = new Explorer(scenario).Run();
        output.WriteLine($"{scenario.Name}: {found.States:N0} states, {found.Steps:N0} steps, {found.Finals:N0} final states");
        Assert.True(found.Violation is null, $"{found.Violation}\n{string.Join('\n', found.Trace)}");
    }
}
