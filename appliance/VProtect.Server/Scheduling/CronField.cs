using System.Collections;
using System.Globalization;

namespace VProtect.Server.Scheduling;

/// <summary>One field of a cron expression: values, ranges, steps and lists, for example <c>*/15</c>, <c>1-5</c>, <c>MON,WED</c>.</summary>
internal sealed class CronField
{
    private readonly BitArray _values = new(length: 64);

    private CronField(bool wild) => Wild = wild;

    /// <summary>Whether it begins with <c>*</c>: it leaves the choice of days to the other day field, and an hour field repeats.</summary>
    public bool Wild { get; }

    /// <summary>Whether it has that value.</summary>
    public bool this[int value] => _values[value];

    /// <summary>Reads a field.</summary>
    /// <param name="text">As written.</param>
    /// <param name="min">Least value.</param>
    /// <param name="max">Greatest value, below 64.</param>
    /// <param name="names">Names of the values from <paramref name="min"/> on; may be empty.</param>
    /// <exception cref="FormatException">It is none; the message says which part.</exception>
    public static CronField Parse(string text, int min, int max, IReadOnlyList<string> names)
    {
        var field = new CronField(text.StartsWith('*'));
        foreach (string part in text.Split(','))
        {
            field.Add(part, min, max, names);
        }

        return field;
    }

    private void Add(string part, int min, int max, IReadOnlyList<string> names)
    {
        string[] stepped = part.Split('/');
        string range = stepped[0];
        int step = 1;
        if (stepped.Length > 2 || (stepped.Length == 2 && (!Digits(stepped[1], out step) || step == 0)))
        {
            throw new FormatException($"'{part}' has no step from 1 after '/'");
        }

        (int first, int last) = (min, max);
        if (range != "*")
        {
            string[] ends = range.Split('-');
            first = Value(ends[0], part, min, max, names);
            last = ends.Length switch
            {
                1 when stepped.Length == 1 => first,
                1 => max,
                2 => Value(ends[1], part, min, max, names),
                _ => throw new FormatException($"'{part}' has more than one '-'"),
            };
        }

        if (last < first)
        {
            throw new FormatException($"'{part}' ends before it begins");
        }

        for (int value = first; value <= last; value += step)
        {
            _values[value] = true;
        }
    }

    private static int Value(string text, string part, int min, int max, IReadOnlyList<string> names)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (string.Equals(names[i], text, StringComparison.OrdinalIgnoreCase))
            {
                return min + i;
            }
        }

        return Digits(text, out int value) && value >= min && value <= max
            ? value
            : throw new FormatException($"'{part}' is outside of {min} to {max}");
    }

    // At most three digits: a step beyond any range is harmless, one beyond an integer is not.
    private static bool Digits(string text, out int value)
    {
        value = 0;
        return text.Length <= 3 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
