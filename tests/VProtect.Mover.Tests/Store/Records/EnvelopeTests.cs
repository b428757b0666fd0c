using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Store.Records;
using VProtect.Mover.Tests.Seal.Packing;

namespace VProtect.Mover.Tests.Store.Records;

/// <summary>The bytes of an envelope, frozen: computed from FORMAT.md section 2 by another program, as in <see cref="PackFormatTests"/>.</summary>
public sealed class EnvelopeTests
{
    private const string ClearMark = "5650524f5445435406000100000000000000000021000000000000000000000000000000000000007b226174223a2232"
        + "3032362d31312d3232222c22726561736f6e223a6e756c6c7d351523441c25e8945ddf5ff6c3b1a3cbab9a3eb8be55c8"
        + "40d0bd5f2af8f0dbe2";

    private const string SealedPoint = "5650524f5445435404000100010000000200000027000000a0a1a2a3a4a5a6a7a8a9aaabacadaeafeec63c929bf5d2f9"
        + "7c082ab7d8a50b492ed3796ff3f9c4f9535867e5113801fd425d81095bf923d3a6a8ccab97e37b9bfd0da74d18e77837"
        + "47c093b9cef785f48f6a8f1b284011";

    private const string SealedRing = "5650524f544543540300010001000000000000001a000000a0a1a2a3a4a5a6a7a8a9aaabacadaeafb2f6e96f16551d21"
        + "8c54fdc23659c34f65cd77241db114fd1471acb1f9259ac2c8a9aef95010ad5d92a4ba3277941e5a4fd0548ebb2ad7f9"
        + "a8ca";

    private const string PointKey = "points/0123456789abcdef0123456789abcdef";
    private const string RingKey = "keys/ring/00112233445566778899aabbccddeeff-00000001";

    private static readonly UInt128 Repository =
        UInt128.Parse("00112233445566778899aabbccddeeff", System.Globalization.NumberStyles.AllowHexSpecifier);

    [Fact]
    public void A_clear_envelope_is_these_bytes()
    {
        byte[] body = RecordJson.Write(new MarkRecord("2026-11-22", null));
        Assert.Equal(ClearMark, Convert.ToHexStringLower(Envelope.Clear(EnvelopeKind.Forgotten, body)));
        Assert.Equal(body, Envelope.Open(Convert.FromHexString(ClearMark), EnvelopeKind.Forgotten, "forgotten/x", Repository, null));
    }

    [Fact]
    public void A_sealed_envelope_opens_under_its_key_in_its_place_alone()
    {
        byte[] bytes = Convert.FromHexString(SealedPoint);
        byte[] body = Envelope.Open(bytes, EnvelopeKind.RestorePoint, PointKey, Repository, PackFormatTests.FixedKeys);
        Assert.Equal("{\"sealed\":\"by epoch 2\"}", Encoding.UTF8.GetString(body));
        Assert.Throws<IntegrityException>(() =>
            Envelope.Open(bytes, EnvelopeKind.RestorePoint, PointKey[..^1] + "0", Repository, PackFormatTests.FixedKeys));
        Assert.Throws<IntegrityException>(() =>
            Envelope.Open(bytes, EnvelopeKind.RestorePoint, PointKey, Repository + 1, PackFormatTests.FixedKeys));
        Assert.Throws<IntegrityException>(() => Envelope.Open(bytes, EnvelopeKind.RestorePoint, PointKey, Repository, null));
        Assert.Throws<IntegrityException>(() => Envelope.Open(bytes, EnvelopeKind.Lease, PointKey, Repository, PackFormatTests.FixedKeys));
    }

    [Fact]
    public void A_ring_opens_by_its_root_key()
    {
        byte[] bytes = Convert.FromHexString(SealedRing);
        byte[] rootKey = Convert.FromHexString(PackFormatTests.Repeated("66"));
        byte[]? body = Envelope.TryOpenByRootKey(bytes, EnvelopeKind.KeyRing, RingKey, Repository, rootKey);
        Assert.Equal("{\"ring\":1}", Encoding.UTF8.GetString(body!));
        rootKey[0] ^= 1;
        Assert.Null(Envelope.TryOpenByRootKey(bytes, EnvelopeKind.KeyRing, RingKey, Repository, rootKey));
    }

    [Fact]
    public void An_envelope_cut_anywhere_is_refused()
    {
        byte[] bytes = Convert.FromHexString(SealedPoint);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<IntegrityException>(() => Envelope.Open(
                bytes.AsSpan(0, length), EnvelopeKind.RestorePoint, PointKey, Repository, PackFormatTests.FixedKeys));
        }
    }
}
