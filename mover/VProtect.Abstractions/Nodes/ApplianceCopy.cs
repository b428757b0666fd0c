using System.Globalization;

namespace VProtect.Abstractions.Nodes;

/// <summary>How copies of an appliance are told from restore points of machines in a repository: mover/FORMAT.md, section 2.4.</summary>
public static class ApplianceCopy
{
    /// <summary>The disk that is the catalog.</summary>
    public const string CatalogDisk = "catalog";

    /// <summary>The document that tells whose copy it is.</summary>
    public const string IdentityDocument = "appliance.json";

    private const string HistoryPrefix = "@appliance-";
    private const string LabelPrefix = "life ";

    /// <summary>Hex digits of a mark.</summary>
    private const int MarkLength = 16;

    /// <summary>The history of an appliance's copies.</summary>
    public static string HistoryOf(Guid appliance) => HistoryPrefix + appliance.ToString("D");

    /// <summary>Whether a history is none of a machine.</summary>
    public static bool IsReserved(string history) => history.StartsWith('@');

    /// <summary>The appliance whose copies a history holds; null when it is none of an appliance.</summary>
    public static Guid? ApplianceOf(string history) =>
        history.StartsWith(HistoryPrefix, StringComparison.Ordinal) && Guid.TryParseExact(history[HistoryPrefix.Length..], "D", out Guid guid) ? guid : null;

    /// <summary>The remark kept with a copy.</summary>
    public static string LabelOf(ApplianceIdentity identity) =>
        string.Create(CultureInfo.InvariantCulture, $"{LabelPrefix}{identity.Life}{(identity.Mark is null ? "" : " ")}{identity.Mark} of {identity.Name}");

    /// <summary>The life that a remark tells; 0 when it tells none.</summary>
    public static long LifeOf(string? label)
    {
        if (label?.StartsWith(LabelPrefix, StringComparison.Ordinal) != true)
        {
            return 0;
        }

        string digits = label[LabelPrefix.Length..].Split(' ')[0];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long life) ? life : 0;
    }

    /// <summary>The mark of that life; null when a remark tells none.</summary>
    public static string? MarkOf(string? label) =>
        LifeOf(label) > 0 && label!.Split(' ', 4) is [_, _, { Length: MarkLength } mark, ..] && mark.All(char.IsAsciiHexDigitLower) ? mark : null;

    /// <summary>The name that a remark tells; null when it tells none.</summary>
    public static string? NameOf(string? label) =>
        LifeOf(label) > 0 && label!.IndexOf(" of ", StringComparison.Ordinal) is > 0 and int at ? label[(at + 4)..] : null;
}
