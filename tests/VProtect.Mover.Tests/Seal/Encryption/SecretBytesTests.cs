using VProtect.Mover.Seal.Encryption;

namespace VProtect.Mover.Tests.Seal.Encryption;

public sealed class SecretBytesTests
{
    [Fact]
    public unsafe void Memory_is_zero_after_dispose_and_not_given_out_again()
    {
        SecretBytes secret = new([1, 2, 3]);
        byte* address;
        fixed (byte* start = secret.Span)
        {
            // Used beyond the statement: the collector does not move it.
            address = start;
        }

        GC.Collect();
        Assert.Equal([1, 2, 3], new Span<byte>(address, 3).ToArray());

        secret.Dispose();
        secret.Dispose();
        Assert.Equal(new byte[3], new Span<byte>(address, 3).ToArray());
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
        Assert.Equal(3, secret.Length);
    }

    [Fact]
    public void Value_is_a_copy()
    {
        byte[] value = [1, 2, 3];
        using SecretBytes secret = new(value);
        value[0] = 9;
        Assert.Equal(1, secret.Span[0]);
    }
}
