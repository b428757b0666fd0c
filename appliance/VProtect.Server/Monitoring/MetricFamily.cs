namespace VProtect.Server.Monitoring;

/// <summary>A value, with the labels that tell it from the others of its family.</summary>
/// <param name="Value">The value.</param>
/// <param name="Labels">Names and values of its labels, in order.</param>
internal readonly record struct MetricSample(double Value, (string Name, string Value)[] Labels);

/// <summary>Values of one name.</summary>
/// <param name="Name">Its name, with its unit at the end.</param>
/// <param name="Help">What it tells.</param>
/// <param name="IsCounter">Whether it only goes up; a gauge otherwise.</param>
/// <param name="Samples">Its values.</param>
internal sealed record MetricFamily(string Name, string Help, bool IsCounter, IReadOnlyList<MetricSample> Samples)
{
    private static readonly string[] Units = ["bytes", "seconds"];

    /// <summary>Its unit, as its name ends; null when it has none.</summary>
    public string? Unit { get; } = Units.FirstOrDefault(unit => Name.EndsWith("_" + unit, StringComparison.Ordinal));
}
