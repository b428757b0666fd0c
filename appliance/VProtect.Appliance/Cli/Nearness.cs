namespace VProtect.Appliance.Cli;

/// <summary>Which names may be what was meant.</summary>
internal static class Nearness
{
    /// <summary>Whether it may be: two letters wrong, or a third of a long name.</summary>
    public static bool IsNear(string name, string typed) => Distance(name, typed) <= Math.Max(2, typed.Length / 3);

    /// <summary>Letters to change, take out or put in, whatever their case.</summary>
    public static int Distance(string name, string typed)
    {
        (string a, string b) = (name.ToLowerInvariant(), typed.ToLowerInvariant());
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
