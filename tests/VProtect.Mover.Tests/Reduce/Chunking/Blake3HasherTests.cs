using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Tests.Reduce.Chunking;

public sealed class Blake3HasherTests
{
    public static TheoryData<int> Widths => Blake3Tests.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void Hash_does_not_depend_on_the_cut(int lanes)
    {
        Random random = new(1);
        byte[] input = Blake3Tests.RandomBytes(seed: 1, 900_000);
        Blake3Hasher hasher = new(lanes);
        for (int run = 0; run < 100; run++)
        {
            hasher.Reset();
            int length = random.Next(input.Length);
            int pieceMax = 1 << random.Next(6, 20);
            for (int done = 0; done < length;)
            {
                int piece = Math.Min(length - done, random.Next(pieceMax));
                hasher.Update(input.AsSpan(done, piece));
                done += piece;
            }

            Assert.Equal(Blake3Tests.HashAt(1, input.AsSpan(0, length)), Finish(hasher));
        }
    }

    [Fact]
    public void Whole_chunks_and_powers_of_two_hash_like_the_whole()
    {
        byte[] input = Blake3Tests.RandomBytes(seed: 2, 1 << 20);
        Blake3Hasher hasher = new();
        foreach (int piece in new[] { 1024, 2048, 65_536, 1 << 18, 1 << 20 })
        {
            hasher.Reset();
            int length = Math.Min(input.Length, 70 * piece);
            for (int done = 0; done < length; done += piece)
            {
                // Asked at each step: every prefix has a root of its own.
                Assert.Equal(Blake3Tests.HashAt(Blake3Tree.WidestLanes, input.AsSpan(0, done)), Finish(hasher));
                hasher.Update(input.AsSpan(done, piece));
            }

            Assert.Equal(Blake3Tests.HashAt(1, input.AsSpan(0, length)), Finish(hasher));
        }
    }

    [Fact]
    public void Asking_for_the_hash_changes_nothing()
    {
        byte[] input = Blake3Tests.RandomBytes(seed: 3, 70_000);
        Blake3Hasher hasher = new();
        for (int done = 0; done < input.Length; done += 7_000)
        {
            hasher.Update(input.AsSpan(done, 7_000));
            Assert.Equal(Finish(hasher), Finish(hasher));
            Assert.Equal(Blake3Tests.HashAt(1, input.AsSpan(0, done + 7_000)), Finish(hasher));
        }
    }

    [Fact]
    public void Keyed_hasher_agrees_with_the_keyed_hash_at_any_output_length()
    {
        byte[] key = Blake3Tests.RandomBytes(seed: 4, 32);
        byte[] input = Blake3Tests.RandomBytes(seed: 5, 100_000);
        Blake3Hasher hasher = new(key);
        hasher.Update(input);
        foreach (int length in new[] { 0, 1, 32, 33, 64, 65, 1000 })
        {
            byte[] expected = new byte[length];
            byte[] actual = new byte[length];
            Blake3.KeyedHash(key, input, expected);
            hasher.Finish(actual);
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Update_allocates_nothing()
    {
        byte[] input = Blake3Tests.RandomBytes(seed: 6, 200_000);
        byte[] hash = new byte[32];
        Blake3Hasher hasher = new();
        hasher.Update(input);

        Assert.Equal(0, Allocations.Of(() =>
        {
            hasher.Update(input);
            hasher.Finish(hash);
            hasher.Reset();
        }));
    }

    private static string Finish(Blake3Hasher hasher)
    {
        byte[] hash = new byte[32];
        hasher.Finish(hash);
        return Convert.ToHexStringLower(hash);
    }
}
