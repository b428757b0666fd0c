using VProtect.Mover.Seal.Encryption;

namespace VProtect.Mover.Tests.Seal.Encryption;

public sealed class AeadCipherTests
{
    [Fact]
    public void Agrees_with_the_gcm_specification()
    {
        // Test case 16 of "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega: AES-256 with associated data.
        byte[] key = Convert.FromHexString("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        byte[] nonce = Convert.FromHexString("cafebabefacedbaddecaf888");
        byte[] associated = Convert.FromHexString("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        byte[] plain = Convert.FromHexString(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
        byte[] sealedBytes = new byte[plain.Length];
        byte[] tag = new byte[16];

        using AeadCipher cipher = new(key);
        cipher.Encrypt(nonce, plain, sealedBytes, tag, associated);

        Assert.Equal(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            Convert.ToHexStringLower(sealedBytes));
        Assert.Equal("76fc6ece0f4e1768cddf8853bb2d551b", Convert.ToHexStringLower(tag));
    }

    [Fact]
    public void Bytes_come_back_in_place()
    {
        byte[] plain = Random(65_536);
        byte[] buffer = [.. plain];
        byte[] tag = new byte[16];
        using AeadCipher cipher = new(Random(32));
        cipher.Encrypt(new byte[12], buffer, buffer, tag, [1, 2]);
        Assert.NotEqual(plain, buffer);
        Assert.True(cipher.Decrypt(new byte[12], buffer, tag, buffer, [1, 2]));
        Assert.Equal(plain, buffer);
    }

    [Fact]
    public void Any_changed_bit_is_refused_and_nothing_of_the_plaintext_is_given()
    {
        byte[] key = Random(32), nonce = Random(12), plain = Random(100), associated = Random(20), tag = new byte[16];
        byte[] bytes = new byte[plain.Length];
        byte[] back = new byte[plain.Length];
        using AeadCipher cipher = new(key);
        cipher.Encrypt(nonce, plain, bytes, tag, associated);

        foreach (byte[] part in new[] { nonce, bytes, tag, associated })
        {
            for (int bit = 0; bit < part.Length * 8; bit += 13)
            {
                part[bit / 8] ^= (byte)(1 << (bit % 8));
                Array.Fill(back, (byte)0xA5);
                Assert.False(cipher.Decrypt(nonce, bytes, tag, back, associated));
                Assert.False(back.AsSpan().ContainsAnyExcept((byte)0));
                part[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.True(cipher.Decrypt(nonce, bytes, tag, back, associated));
        key[31] ^= 1;
        using AeadCipher other = new(key);
        Assert.False(other.Decrypt(nonce, bytes, tag, back, associated));
    }

    [Fact]
    public void Sealing_and_opening_allocate_nothing()
    {
        byte[] buffer = Random(20_000);
        byte[] tag = new byte[16];
        byte[] nonce = new byte[12];
        using AeadCipher cipher = new(Random(32));
        cipher.Encrypt(nonce, buffer, buffer, tag, nonce);
        cipher.Decrypt(nonce, buffer, tag, buffer, nonce);

        Assert.Equal(0, Allocations.Of(() =>
        {
            cipher.Encrypt(nonce, buffer, buffer, tag, nonce);
            cipher.Decrypt(nonce, buffer, tag, buffer, nonce);
        }));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(33)]
    public void Key_of_another_length_is_refused(int length) =>
        Assert.Throws<ArgumentException>(() => new AeadCipher(new byte[length]));

    private static byte[] Random(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
