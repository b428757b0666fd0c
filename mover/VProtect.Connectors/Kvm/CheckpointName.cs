using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Names of our checkpoints, <c>vprotect-LINEAGE-GENERATION</c>. A lineage is the restore points of a machine in one destination, eight hexadecimal digits; two
/// destinations or two appliances have different ones and never see each other's. Generations of a lineage only grow.
/// </summary>
internal sealed record CheckpointName(string Lineage, int Generation)
{
    private const int LineageDigits = 8;

    internal CheckpointName Next => this with { Generation = Generation + 1 };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{TaskMark.Prefix}{Lineage}-{Generation:000000}");

    /// <summary>The lineage of a destination; one of its own when it is not told.</summary>
    internal static string LineageOf(string destination)
    {
        string hash = destination.Length == 0
            ? Guid.NewGuid().ToString("N")
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(destination)));
        return hash[..LineageDigits];
    }

    internal static CheckpointName? TryParse(string name)
    {
        string[] parts = name.Split('-');
        return parts is ["vprotect", { Length: LineageDigits } lineage, { Length: >= 6 } generation]
            && lineage.All(char.IsAsciiHexDigitLower)
            && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? new CheckpointName(lineage, number)
                : null;
    }
}
