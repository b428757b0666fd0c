namespace VProtect.Appliance.Cli;

/// <summary>How far a piece of work is, at one instant.</summary>
/// <param name="Step">What is going on, in a few words.</param>
/// <param name="Done">Gone through, of <paramref name="Total"/>; bytes unless <paramref name="Unit"/> says otherwise.</param>
/// <param name="Total">0 when not known.</param>
/// <param name="Details">Further figures, short.</param>
/// <param name="Unit">What is counted; null for bytes.</param>
internal readonly record struct ProgressSample(string Step, long Done, long Total, string Details = "", string? Unit = null)
{
    public static ProgressSample OfItems(string step, string unit, long done, long total) => new(step, done, total, "", unit);

    public double Fraction => Total <= 0 ? 0 : Math.Clamp(Done / (double)Total, 0, 1);

    public string Text(long amount) => Unit is null ? SizeText.Of(amount) : $"{amount}";

    /// <summary><c>1.50 GiB of 4.00 GiB</c>, or without a total <c>1.50 GiB</c>.</summary>
    public string Position => (Total > 0 ? $"{Text(Done)} of {Text(Total)}" : Text(Done)) + (Unit is null ? "" : " " + Unit);
}
