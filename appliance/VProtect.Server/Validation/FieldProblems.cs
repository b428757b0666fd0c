namespace VProtect.Server.Validation;

/// <summary>Gathers everything that is wrong with a request, so that its sender hears all of it at once. Used by one thread.</summary>
internal sealed class FieldProblems
{
    private readonly List<FieldProblem> _problems = [];

    /// <summary>What was found so far, in the order of the checks.</summary>
    public IReadOnlyList<FieldProblem> All => _problems;

    /// <summary>Notes a problem.</summary>
    public void Add(string field, string problem, string fix) => _problems.Add(new FieldProblem(field, problem, fix));

    /// <summary>Notes a problem unless the condition holds.</summary>
    /// <returns>Whether it holds.</returns>
    public bool Require(bool condition, string field, string problem, string fix)
    {
        if (!condition)
        {
            Add(field, problem, fix);
        }

        return condition;
    }

    /// <summary>Notes a number outside of its range (both ends belong to it); null is fine.</summary>
    public void Range(long? value, long min, long max, string field) => Require(
        value is null || (value >= min && value <= max), field, $"{value} is out of range.", $"Send a number from {min} to {max}.");

    /// <summary>Notes an IANA time zone that this machine does not know.</summary>
    /// <returns>The zone; UTC when it is not known.</returns>
    public TimeZoneInfo Zone(string name, string field)
    {
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone))
        {
            return zone;
        }

        Add(field, $"'{name}' is not a known time zone.", "Send an IANA name, for example 'Europe/Warsaw' or 'UTC'.");
        return TimeZoneInfo.Utc;
    }

    /// <summary>Ends the checks.</summary>
    /// <exception cref="InvalidFieldsException">Something was noted.</exception>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new InvalidFieldsException(_problems);
        }
    }
}
