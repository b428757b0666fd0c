namespace VProtect.ChunkIndex.Tests;

public sealed class CheckpointRecordTests
{
    private static readonly CheckpointRecord Sample = new()
    {
        Salt = 0x01020304,
        TableToken = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
        LogToken = new Guid("ffeeddcc-bbaa-9988-7766-554433221100"),
        LogNumber = 5,
        LogBytes = 6464,
        TableBytes = 65536,
        TableCrc = 0xA1B2C3D4,
        TableLogBytes = 640,
        NextPackNumber = 3,
        TableMetadata = [1, 2, 3],
        LogMetadata = [4, 5],
        Packs = [new PackRow(TestIndex.Pack(0), 1, 100), new PackRow(TestIndex.Pack(1), 2, 7)],
    };

    [Fact]
    public void What_is_written_is_what_is_read()
    {
        CheckpointRecord? read = CheckpointRecord.TryDecode(Sample.Encode());
        Assert.NotNull(read);
        Assert.Equal(Sample.Encode(), read.Encode());
        Assert.Equal(Sample.Packs, read.Packs);
    }

    /// <summary>The bytes come from another program, written from SCHEMA.md.</summary>
    [Fact]
    public void Bytes_are_those_of_the_second_version()
    {
        Assert.Equal(
            "565049445845433102000000a100000033221100554477668899aabbccddeeffccddeeffaabb88997766554433221100"
            + "401900000000000000000100000000008002000000000000d4c3b2a10403020103000000030000000200000002000000"
            + "050000000000000001020304050000000000000000000000000000000101000000640000000000000000000000000000"
            + "00000000020200000007000000a3972b72",
            Convert.ToHexStringLower(Sample.Encode()));
    }

    [Fact]
    public void No_flipped_bit_or_cut_is_accepted()
    {
        byte[] bytes = Sample.Encode();
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(CheckpointRecord.TryDecode(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Null(CheckpointRecord.TryDecode(bytes.AsSpan(0, length)));
        }
    }
}
