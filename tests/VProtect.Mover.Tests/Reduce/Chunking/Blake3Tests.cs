using System.Diagnostics;
using System.Text;
using System.Text.Json;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Tests.Reduce.Chunking;

public sealed class Blake3Tests
{
    /// <summary>Every width this machine can run, as lanes.</summary>
    public static TheoryData<int> Widths =>
        new(new[] { 1, 4, 8, 16 }.Where(lanes => lanes <= Blake3Tree.WidestLanes));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Official_vectors_hold_at_every_width(int lanes)
    {
        using JsonDocument vectors = ReadVectors();
        byte[] key = Encoding.ASCII.GetBytes(vectors.RootElement.GetProperty("key").GetString()!);
        byte[] context = Encoding.ASCII.GetBytes(vectors.RootElement.GetProperty("context_string").GetString()!);
        byte[] actual = new byte[131];
        foreach (JsonElement vector in vectors.RootElement.GetProperty("cases").EnumerateArray())
        {
            byte[] input = RepeatingBytes(vector.GetProperty("input_len").GetInt32());

            Blake3.Hash(input, actual, lanes);
            Assert.Equal(vector.GetProperty("hash").GetString(), Convert.ToHexStringLower(actual));

            Blake3.KeyedHash(key, input, actual, lanes);
            Assert.Equal(vector.GetProperty("keyed_hash").GetString(), Convert.ToHexStringLower(actual));

            Blake3.DeriveKey(context, input, actual, lanes);
            Assert.Equal(vector.GetProperty("derive_key").GetString(), Convert.ToHexStringLower(actual));
        }
    }

    [Fact]
    public void Public_functions_agree_with_the_official_vectors()
    {
        using JsonDocument vectors = ReadVectors();
        string context = vectors.RootElement.GetProperty("context_string").GetString()!;
        byte[] key = Encoding.ASCII.GetBytes(vectors.RootElement.GetProperty("key").GetString()!);
        JsonElement vector = vectors.RootElement.GetProperty("cases").EnumerateArray().Last();
        byte[] input = RepeatingBytes(vector.GetProperty("input_len").GetInt32());
        byte[] actual = new byte[131];

        Blake3.Hash(input, actual);
        Assert.Equal(vector.GetProperty("hash").GetString(), Convert.ToHexStringLower(actual));
        Blake3.KeyedHash(key, input, actual);
        Assert.Equal(vector.GetProperty("keyed_hash").GetString(), Convert.ToHexStringLower(actual));
        Blake3.DeriveKey(context, input, actual);
        Assert.Equal(vector.GetProperty("derive_key").GetString(), Convert.ToHexStringLower(actual));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Every_number_of_chunks_and_every_remainder_gives_the_portable_result(int lanes)
    {
        byte[] input = RandomBytes(seed: 1, 300 * 1024 + 1);
        for (int chunks = 0; chunks <= 300; chunks += chunks < 70 ? 1 : 23)
        {
            foreach (int rest in new[] { 0, 1, 64, 700, 1023 })
            {
                int length = Math.Min((chunks * 1024) + rest, input.Length);
                Assert.Equal(HashAt(1, input.AsSpan(0, length)), HashAt(lanes, input.AsSpan(0, length)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Unaligned_input_gives_the_same_hash(int lanes)
    {
        byte[] input = RandomBytes(seed: 2, 64 * 1024);
        string expected = HashAt(1, input);
        byte[] shifted = new byte[input.Length + 64];
        for (int offset = 0; offset < 64; offset += 7)
        {
            input.CopyTo(shifted, offset);
            Assert.Equal(expected, HashAt(lanes, shifted.AsSpan(offset, input.Length)));
        }
    }

    [Fact]
    public void Long_input_agrees_with_b3sum()
    {
        // Lengths around the sizes at which the tree changes its shape, and random ones; one process for all of them.
        Random random = new(3);
        int[] lengths =
        [
            0, 1, 1024, 1025, 16 * 1024, (16 * 1024) + 1, 65_536, 65_537, (256 * 1024) - 1, 256 * 1024, (256 * 1024) + 1,
            (512 * 1024) + 1025, (1024 * 1024) - 1, 1024 * 1024, (3 * 1024 * 1024) + 777,
            .. Enumerable.Range(0, 60).Select(_ => random.Next(2_000_000)),
        ];
        string folder = Directory.CreateTempSubdirectory("vprotect-blake3-").FullName;
        try
        {
            string[] files = new string[lengths.Length];
            string[] expected = new string[lengths.Length];
            for (int i = 0; i < lengths.Length; i++)
            {
                byte[] input = RandomBytes(seed: i, lengths[i]);
                files[i] = Path.Combine(folder, $"{i}");
                File.WriteAllBytes(files[i], input);
                expected[i] = HashAt(Blake3Tree.WidestLanes, input);
            }

            Assert.Equal(expected, B3sum(files));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Output_may_overlap_the_input()
    {
        byte[] buffer = RandomBytes(seed: 4, 64 * 1024);
        string expected = HashAt(1, buffer);
        Blake3.Hash(buffer, buffer.AsSpan(0, 32));
        Assert.Equal(expected, Convert.ToHexStringLower(buffer.AsSpan(0, 32)));
    }

    [Fact]
    public void Hashing_allocates_nothing()
    {
        byte[] input = RandomBytes(seed: 5, 1024 * 1024);
        byte[] hash = new byte[32];
        Assert.Equal(0, Allocations.Of(() => Blake3.KeyedHash(hash, input, hash)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Key_of_a_wrong_length_is_refused(int length)
    {
        Assert.Throws<ArgumentException>(() => Blake3.KeyedHash(new byte[length], [], new byte[32]));
        Assert.Throws<ArgumentException>(() => new Blake3Hasher(new byte[length]));
    }

    internal static byte[] RandomBytes(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static string HashAt(int lanes, ReadOnlySpan<byte> input)
    {
        byte[] hash = new byte[32];
        Blake3.Hash(input, hash, lanes);
        return Convert.ToHexStringLower(hash);
    }

    private static byte[] RepeatingBytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];

    private static JsonDocument ReadVectors() =>
        JsonDocument.Parse(typeof(Blake3Tests).Assembly.GetManifestResourceStream("blake3/test_vectors.json")!);

    private static string[] B3sum(string[] files)
    {
        ProcessStartInfo start = new("b3sum") { RedirectStandardOutput = true, ArgumentList = { "--no-names" } };
        foreach (string file in files)
        {
            start.ArgumentList.Add(file);
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
