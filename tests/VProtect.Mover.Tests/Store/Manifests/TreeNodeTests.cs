using System.Buffers.Binary;
using VProtect.Abstractions;
using VProtect.Mover.Store.Manifests;
using VProtect.Mover.Tests.Seal.Packing;

namespace VProtect.Mover.Tests.Store.Manifests;

public sealed class TreeNodeTests
{
    /// <summary>Level 1, slots 0, 9 and 255; written out by hand from FORMAT.md section 5.</summary>
    private const string Node = "5650544e0100000003000000000000000102000000000000000000000000000000000000000000000000000000000080"
        + "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30"
        + "3132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60";

    [Fact]
    public void A_node_is_these_bytes()
    {
        var slots = new ChunkId[TreeNode.Slots];
        int first = 1;
        foreach (int slot in new[] { 0, 9, 255 })
        {
            slots[slot] = new ChunkId([.. Enumerable.Range(first, 32).Select(value => (byte)value)]);
            first += 32;
        }

        byte[] bytes = new byte[TreeNode.BytesMax];
        int length = TreeNode.Encode(1, slots, bytes);
        Assert.Equal(Node, Convert.ToHexStringLower(bytes.AsSpan(0, length)));
        Assert.Equal("81dc1e9eb77f5af60714a232f47f4bd5dbb1ceabb08ff33d15384f18ed82be76", PackFormatTests.FixedKeys.NodeIdOf(bytes.AsSpan(0, length)).ToString());
        var read = new ChunkId[TreeNode.Slots];
        Assert.True(TreeNode.TryDecode(bytes.AsSpan(0, length), 1, read));
        Assert.Equal(slots, read);
    }

    /// <summary>
    /// No test for a tree that leads back into itself: a node's id is the hash of its bytes, which hold the ids below it, so a cycle
    /// would be a fixed point of BLAKE3; besides, levels only fall on the way down, so every walk ends.
    /// </summary>
    [Fact]
    public void A_node_that_cannot_be_is_refused()
    {
        byte[] good = Convert.FromHexString(Node);
        var slots = new ChunkId[TreeNode.Slots];
        Assert.False(TreeNode.TryDecode(good, 0, slots));
        Assert.False(TreeNode.TryDecode(good, 2, slots));
        for (int length = 0; length < good.Length; length++)
        {
            Assert.False(TreeNode.TryDecode(good.AsSpan(0, length), 1, slots));
        }

        Assert.False(TreeNode.TryDecode([.. good, 0], 1, slots));
        foreach (int count in new[] { 0, 2, 4, 257, int.MaxValue, -1, int.MinValue, 1 << 27 })
        {
            byte[] bad = [.. good];
            BinaryPrimitives.WriteInt32LittleEndian(bad.AsSpan(8), count);
            Assert.False(TreeNode.TryDecode(bad, 1, slots));
        }

        byte[] bitmap = [.. good];
        bitmap[16] ^= 2;
        Assert.False(TreeNode.TryDecode(bitmap, 1, slots));
    }
}
