using System.Globalization;
using System.Reflection;

namespace VProtect.Catalog.Migrations;

/// <summary>The migrations that come with the program: <c>NNNN-name.sql</c> beside this file.</summary>
internal static class MigrationSet
{
    public static readonly IReadOnlyList<Migration> Embedded = Load();

    private static Migration[] Load()
    {
        Assembly assembly = typeof(MigrationSet).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
                string stem = Path.GetFileNameWithoutExtension(name);
                return new Migration(int.Parse(stem.AsSpan(0, 4), CultureInfo.InvariantCulture), stem[5..], text.ReadToEnd());
            })];
    }
}
