using System.Globalization;

namespace VProtect.Appliance.Cli;

/// <summary>How far a piece of work is, at one instant.</summary>
/// <param name="Step">What is going on, in a few words.</param>
/// <param name="Done">Gone through, of <paramref name="Total"/>; bytes unless <paramref name="Unit"/> says otherwise.</param>
/// <param name="Total">0 when not known.</param>
/// <param name="WorkedBytes">Bytes that were work: what holes there are does not count. Gives the rate.</param>
/// <param name="Details">Further figures, short.</param>
/// <param name="Unit">What is counted; null for bytes.</param>
internal readonly record struct ProgressSample(
    string Step, long Done, long Total, long WorkedBytes, string Details = "", string? Unit = null)
{
    /// <summary>From 0 to 1.</summary>
    public double Fraction => Total <= 0 ? 0 : Math.Clamp(Done / (double)Total, 0, 1);

    /// <summary><c>1.50 GiB of 4.00 GiB</c>, without a total <c>1.50 GiB</c>, empty before the first byte.</summary>
    public string Position => Done == 0 && Total == 0 ? "" : Total > 0 ? $"{Text(Done)} of {Text(Total)}" : Text(Done);

    private string Text(long amount) =>
        Unit is null ? SizeText.Of(amount) : string.Create(CultureInfo.InvariantCulture, $"{amount} {Unit}");
}
