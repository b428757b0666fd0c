using VProtect.Mover.Acquire.BlockSource;

namespace VProtect.Mover.Tests.Acquire.BlockSource;

public sealed class QemuBitmapTokenTests
{
    [Fact]
    public void Token_names_the_bitmap_in_a_form_that_stays()
    {
        Assert.Equal("""{"kind":"qemu-bitmap","name":"b0"}""", QemuBitmapToken.Write("b0"));
        Assert.Equal("a \"b\"", QemuBitmapToken.TryRead(QemuBitmapToken.Write("a \"b\"")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("b0")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"kind":"vmware-cbt","name":"b0"}""")]
    [InlineData("""{"kind":"qemu-bitmap"}""")]
    public void Anything_else_is_no_token(string text) => Assert.Null(QemuBitmapToken.TryRead(text));
}
