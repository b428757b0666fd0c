using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.Tests.Seal.Packing;

/// <summary>
/// The bytes of a pack, frozen. The vectors were computed from FORMAT.md section 4 by a program that shares nothing with ours
/// (b3sum for BLAKE3, openssl's AES with GHASH and CRC-32C written out by hand); each is one field after the other.
/// </summary>
public sealed class PackFormatTests
{
    private const string Header = "56505041434b3031010100000200000000112233445566778899aabbccddeefff0e1d2c3b4a5968778695a4b3c2d1e0f"
        + "0807060504030201000000000e647c5d";

    private const string ClearRecord = "05282fd02c7374205ec7030ec8604a4c5650434b000000000b0000000b00000029948bd3b37d712b78f75b29cdc07a96"
        + "d85a014a38858bc396375a55be7fc63868656c6c6f2c207061636b";

    private const string SealedRecord = "3f6eac2c6d93fb831e9b82d51856972d5650434b000000000b0000001b00000029948bd3b37d712b78f75b29cdc07a96"
        + "d85a014a38858bc396375a55be7fc638c242761150da2e0ac7aaeb9df682fab272ab75f6ccc8eeabf6205c";

    private const string Entry = "3f6eac2c6d93fb831e9b82d51856972d40000000000000000b0000001b00000029948bd3b37d712b78f75b29cdc07a96"
        + "d85a014a38858bc396375a55be7fc638";

    private const string Trailer = "56505041434b454e01000000000000009b000000000000005b0100000000000096d653efd84a99828432ec6262305357"
        + "65b79dda36bd4a37907ceb800dd1cd5be6f4c88c24d29a6f06722898c98cd6745fd3dc07348c3f7212af73a136713282"
        + "f0e1d2c3b4a5968778695a4b3c2d1e0f00000000000000000000000092b7a136";

    private static readonly byte[] Plain = "hello, pack"u8.ToArray();

    private static readonly PackHeader ParsedHeader = new(
        PackKind.Data, Sealing.AesGcm, 2, UInt128.Parse("00112233445566778899aabbccddeeff", System.Globalization.NumberStyles.AllowHexSpecifier),
        PackId.Read(Convert.FromHexString("f0e1d2c3b4a5968778695a4b3c2d1e0f")), 0x0102030405060708);

    /// <summary>Keys with one byte repeated: id 11, node 22, mac 33, data 44 and 55.</summary>
    internal static RepositoryKeys FixedKeys => RepositoryKeys.FromRing(
        new KeyRing(2, "", Repeated("11"), Repeated("22"), Repeated("33"), [new(1, Repeated("44")), new(2, Repeated("55"))]));

    internal static string Repeated(string digits) => string.Concat(Enumerable.Repeat(digits, 32));

    [Fact]
    public void A_header_is_these_bytes()
    {
        byte[] bytes = new byte[PackFormat.HeaderBytes];
        ParsedHeader.CopyTo(bytes);
        Assert.Equal(Header, Convert.ToHexStringLower(bytes));
        Assert.True(PackHeader.TryRead(bytes, out PackHeader read));
        Assert.Equal(ParsedHeader, read);
    }

    [Theory]
    [InlineData(true, SealedRecord)]
    [InlineData(false, ClearRecord)]
    public void A_record_is_these_bytes(bool isSealed, string expected)
    {
        RepositoryKeys keys = FixedKeys;
        using var cipher = new PackCipher(keys, isSealed ? ParsedHeader : ParsedHeader with { Sealing = Sealing.Clear, KeyEpoch = 0 });
        byte[] record = new byte[expected.Length / 2];
        RecordHeader header = cipher.Seal(record, 64, keys.ChunkIdOf(Plain), ChunkCodec.None, Plain.Length, Plain);
        Assert.Equal(expected, Convert.ToHexStringLower(record));
        Assert.Equal(record.Length, header.RecordBytes);

        byte[] opened = new byte[Plain.Length];
        Assert.True(cipher.TryOpen(record, 64, opened));
        Assert.Equal(Plain, opened);
        Assert.Equal(isSealed, !cipher.TryOpen(record, 65, opened));
    }

    [Fact]
    public void A_chunk_id_is_these_bytes() =>
        Assert.Equal("29948bd3b37d712b78f75b29cdc07a96d85a014a38858bc396375a55be7fc638", FixedKeys.ChunkIdOf(Plain).ToString());

    [Fact]
    public void A_footer_is_these_bytes()
    {
        Assert.True(RecordHeader.TryRead(Convert.FromHexString(SealedRecord), out RecordHeader record));
        long footerOffset = PackFormat.HeaderBytes + record.RecordBytes;
        byte[] footer = PackFooter.Encode(ParsedHeader, [new PackFooterEntry(64, record)], footerOffset, FixedKeys.MacKey.Span);
        Assert.Equal(Entry + Trailer, Convert.ToHexStringLower(footer));

        long packBytes = footerOffset + footer.Length;
        Assert.Equal(footerOffset, PackFooter.LocateFooter(footer.AsSpan(^PackFormat.TrailerBytes..), ParsedHeader.Pack, packBytes));
        Assert.True(PackFooter.TryDecode(
            Convert.FromHexString(Header), footer, footerOffset, FixedKeys.MacKey.Span, out PackFooter? read, out _));
        Assert.Equal(record, Assert.Single(read!.Entries).Record);
    }

    [Theory]
    [InlineData("d2c04a035bcf0c63870c17d724d919f4483f873927509e4dc7deb6fb467abb9e", "IdKey")]
    [InlineData("14d296471ea597bfaf681859e770f6c2608f6736ab4d7e9af876bb7e81ea5102", "NodeIdKey")]
    [InlineData("b4677b7791ebc0f1ed517cac03bb7eaf96841093a1f19cf959b86ef31fbfb038", "MacKey")]
    public void Keys_of_a_clear_repository_follow_from_its_id(string expected, string which)
    {
        var keys = RepositoryKeys.Public(ParsedHeader.RepositoryId);
        ReadOnlyMemory<byte> key = which switch { "IdKey" => keys.IdKey, "NodeIdKey" => keys.NodeIdKey, _ => keys.MacKey };
        Assert.Equal(expected, Convert.ToHexStringLower(key.Span));
    }
}
