using VProtect.Mover.Store;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Store;

public sealed class HealedElsewhereTests
{
    /// <summary>A machine whose index has not heard of the damage reads the copy that another machine wrote to heal it.</summary>
    [Fact]
    public async Task Damage_that_another_machine_has_healed_harms_no_restore()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = new byte[3 << 20];
        new Random(7).NextBytes(content);
        RestorePoint point = await repository.BackUpAsync(content);
        await using TestRepository other = await repository.OpenAgainAsync();
        Assert.Equal(content, await other.RestoreAsync(point));
        foreach (string pack in await repository.KeysAsync("packs/"))
        {
            await repository.TamperAsync(pack, bytes =>
            {
                bytes[100] ^= 1;
                return bytes;
            });
        }

        VerifyResult found = await repository.VerifyAsync();
        Assert.False(found.IsSound);
        await repository.BackUpAsync(content);
        Assert.Equal(content, await other.RestoreAsync(point));
    }
}
