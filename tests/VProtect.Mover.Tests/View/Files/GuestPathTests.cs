using VProtect.Mover.View.Files;

namespace VProtect.Mover.Tests.View.Files;

public sealed class GuestPathTests
{
    [Theory]
    [InlineData("plain.txt", "706c61696e2e747874")]
    [InlineData("/grüße/日本", "2f6772c3bcc39f652f" + "e697a5e69cac")]
    [InlineData("a\\xffb", "61ff62")]
    [InlineData("back\\x5cslash", "6261636b5c736c617368")]
    [InlineData("new\\x0aline", "6e65770a6c696e65")]
    [InlineData("\\xe2\\x80\\xaeexe.txt", "e280ae6578652e747874")]
    public void Bytes_are_shown_and_found_again(string text, string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        Assert.Equal(text, GuestPath.Show(bytes));
        Assert.Equal(bytes, GuestPath.Parse(text));
    }

    [Fact]
    public void Any_bytes_survive()
    {
        var random = new Random(3);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            bytes = [.. bytes.Where(one => one != 0)];
            Assert.Equal(bytes, GuestPath.Parse(GuestPath.Show(bytes)));
        }
    }

    [Theory]
    [InlineData("a\\b")]
    [InlineData("a\\x5")]
    [InlineData("a\\xzz")]
    [InlineData("a\0b")]
    public void What_no_listing_writes_is_refused(string text) => Assert.Throws<FormatException>(() => GuestPath.Parse(text));
}
