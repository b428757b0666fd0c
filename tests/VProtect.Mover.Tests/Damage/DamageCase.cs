namespace VProtect.Mover.Tests.Damage;

/// <summary>Something that happened to a repository's objects behind our back.</summary>
/// <param name="Family">The kind of object.</param>
/// <param name="Kind">What happened to it.</param>
/// <param name="Keys">The objects that are not as they were.</param>
/// <param name="Image">The result.</param>
internal sealed record DamageCase(string Family, string Kind, IReadOnlyList<string> Keys, StoreImage Image)
{
    /// <summary>With VPROTECT_DAMAGE every object is damaged, each by many flips; without, some of each kind.</summary>
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("VPROTECT_DAMAGE") is { Length: > 0 };

    private static readonly int FlipsOfEach = IsLong ? 24 : 3;

    private static readonly int ObjectsOfEachMax = IsLong ? int.MaxValue : 2;

    public override string ToString() => $"{Kind} {string.Join(" and ", Keys)}";

    /// <summary>Objects of every kind damaged in every way.</summary>
    public static IEnumerable<DamageCase> Of(DamageSpecimen specimen, Random random)
    {
        IEnumerable<KeyValuePair<string, byte[]>> chosen = specimen.Now.Objects
            .GroupBy(item => StoreImage.FamilyOf(item.Key))
            .SelectMany(objects => objects.OrderByDescending(item => item.Value.Length).Take(ObjectsOfEachMax));
        foreach ((string key, byte[] bytes) in chosen)
        {
            string family = StoreImage.FamilyOf(key);
            DamageCase New(string kind, byte[]? content, string? at = null) => new(family, kind, [at ?? key], specimen.Now.With(at ?? key, content));

            for (int i = 0; i < FlipsOfEach; i++)
            {
                // Ends are where structures are.
                int at = i % 3 == 0 ? random.Next(Math.Min(bytes.Length, 128)) : i % 3 == 1 ? bytes.Length - 1 - random.Next(Math.Min(bytes.Length, 300)) : random.Next(bytes.Length);
                byte[] flipped = [.. bytes];
                flipped[at] ^= (byte)(1 << random.Next(8));
                yield return New("flipped", flipped);
            }

            yield return New("lost", null);
            yield return New("empty", []);
            yield return New("cut", bytes[..^1]);
            yield return New("cut", bytes[..random.Next(1, bytes.Length)]);
            yield return New("grown", [.. bytes, 0]);
            yield return New("zeroed", new byte[bytes.Length]);
            yield return New("copied", bytes, at: OtherName(key, random));
            string? neighbour = specimen.Now.Objects.Keys.FirstOrDefault(other => other != key && StoreImage.FamilyOf(other) == family && !specimen.Now.Objects[other].AsSpan().SequenceEqual(bytes));
            if (neighbour is not null)
            {
                StoreImage swapped = specimen.Now.With(key, specimen.Now.Objects[neighbour]).With(neighbour, bytes);
                yield return new DamageCase(family, "swapped", [key, neighbour], swapped);
            }
        }

        foreach ((string key, byte[] bytes) in specimen.Earlier)
        {
            yield return new DamageCase(StoreImage.FamilyOf(key), "put back", [key], specimen.Now.With(key, bytes));
        }
    }

    /// <summary>Another name of the same form: one hexadecimal digit of the last part differs.</summary>
    private static string OtherName(string key, Random random)
    {
        if (!key.Contains('/', StringComparison.Ordinal))
        {
            return key + "2";
        }

        char[] name = key.ToCharArray();
        int at = name.Length - 1 - random.Next(8);
        name[at] = name[at] == 'f' ? '0' : name[at] == '9' ? 'a' : (char)(name[at] + 1);
        return new string(name);
    }
}
