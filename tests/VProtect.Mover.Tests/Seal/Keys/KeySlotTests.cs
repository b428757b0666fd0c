using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Tests.Seal.Packing;

namespace VProtect.Mover.Tests.Seal.Keys;

public sealed class KeySlotTests
{
    private static readonly UInt128 Repository =
        UInt128.Parse("00112233445566778899aabbccddeeff", System.Globalization.NumberStyles.AllowHexSpecifier);

    /// <summary>Wrapped from FORMAT.md section 2.2 by another program (Python's PBKDF2, AES-GCM by hand).</summary>
    private static readonly KeySlot Slot = new(
        "00112233445566778899aabbccddeeff", "000102030405060708090a0b0c0d0e0f", "passphrase", "pbkdf2-sha256", 1000,
        "101112131415161718191a1b1c1d1e1f", "202122232425262728292a2b",
        "e4537d5cc2a4e5cab474c0081475282c904a61771ed8ae385c42396f531944c4ba717e400142121922f614b8c3a662ec",
        "2026-11-22T00:00:00Z", null);

    [Fact]
    public void A_slot_wrapped_by_another_program_opens() =>
        Assert.Equal(PackFormatTests.Repeated("66"), Convert.ToHexStringLower(Slot.TryUnwrap(Repository, Secret.FromText("golden"))!));

    /// <summary>A slot is clear: anybody who can write there chooses its fields.</summary>
    [Fact]
    public void A_slot_with_a_field_that_cannot_be_does_not_open_and_does_no_harm()
    {
        Secret secret = Secret.FromText("golden");
        foreach (string odd in new[] { "", "0", "zz", "00", new string('0', 1000), "é0112233445566778899aabbccddeeff" })
        {
            KeySlot[] slots =
            [
                Slot with { Salt = odd }, Slot with { Nonce = odd }, Slot with { Wrapped = odd }, Slot with { Slot = odd },
                Slot with { Repository = odd }, Slot with { Kind = odd, Salt = odd }, Slot with { Kdf = odd },
            ];
            Assert.All(slots, slot => Assert.Null(slot.TryUnwrap(Repository, secret)));
        }

        Assert.Null((Slot with { Iterations = int.MaxValue }).TryUnwrap(Repository, secret));
        Assert.Null((Slot with { Iterations = -1 }).TryUnwrap(Repository, secret));
        Assert.Null(Slot.TryUnwrap(Repository, Secret.FromText("Golden")));
    }
}
