namespace VProtect.Catalog.Settings;

/// <summary>One global setting, a JSON value under a dotted key.</summary>
public sealed record Setting
{
    /// <summary>Dotted name, for example `smtp.host`.</summary>
    public required string Key { get; init; }

    /// <summary>Value as JSON.</summary>
    public string Value { get; init; } = "{}";

    /// <summary>Grows by one with every change.</summary>
    public long Version { get; init; } = 1;
}
