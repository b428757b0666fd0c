using VProtect.Appliance.Cli;

namespace VProtect.Appliance.Tests.Cli;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(1536, "1.50 KiB")]
    [InlineData(65536, "64.0 KiB")]
    [InlineData(104857600, "100 MiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void Sizes_have_three_digits(long bytes, string text) => Assert.Equal(text, SizeText.Of(bytes));

    [Theory]
    [InlineData("65536", 65536)]
    [InlineData("64K", 65536)]
    [InlineData("64kib", 65536)]
    [InlineData("1 GiB", 1L << 30)]
    [InlineData("0", 0)]
    public void Sizes_are_read(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("1.5M")]
    [InlineData("1MB")]
    [InlineData("99999999999999999999")]
    [InlineData("9999999999T")]
    public void What_is_no_size_is_refused(string text) => Assert.False(SizeText.TryParse(text, out _));

    [Theory]
    [InlineData(0.5, "0.50 s")]
    [InlineData(9.999, "10.0 s")]
    [InlineData(59.99, "1 min 00 s")]
    [InlineData(245, "4 min 05 s")]
    [InlineData(12000, "3 h 20 min")]
    public void Durations_are_short(double seconds, string text) => Assert.Equal(text, SizeText.Of(TimeSpan.FromSeconds(seconds)));
}
