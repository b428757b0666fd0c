using VProtect.Mover.Store.Backends.Memory;
using Xunit.Abstractions;

namespace VProtect.Mover.Tests.Damage;

/// <summary>
/// Goal: whatever happens to any object of a repository behind our back is found or does no harm; no wrong byte is ever given
/// back, nothing fails but with an error of ours, restore points that do not need the object are not affected, and nothing is
/// removed because of it: with the object put right, all is there. Method: a repository with an object of every kind; each
/// object flipped, lost, emptied, cut, grown, zeroed, copied, swapped, or put back after its time; everything is tried on each.
/// The table that comes out is in tests/README.md.
/// </summary>
public sealed class DamageMatrixTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whatever_happens_to_an_object_is_found_or_does_no_harm(bool encrypt)
    {
        DamageSpecimen specimen = await DamageSpecimen.CreateAsync(encrypt);
        var failures = new List<string>();
        var table = new SortedDictionary<string, SortedDictionary<string, int>>(StringComparer.Ordinal);
        foreach (DamageCase damage in DamageCase.Of(specimen, new Random(7)))
        {
            string finding;
            try
            {
                finding = await new DamageTrial(specimen, damage).RunAsync();
            }
            catch (Xunit.Sdk.XunitException e)
            {
                failures.Add(e.Message);
                continue;
            }

            string row = $"{damage.Family,-10} {damage.Kind,-8}";
            table.TryAdd(row, new SortedDictionary<string, int>(StringComparer.Ordinal));
            table[row][finding] = table[row].GetValueOrDefault(finding) + 1;
        }

        foreach ((string row, SortedDictionary<string, int> findings) in table)
        {
            output.WriteLine($"{row} {string.Join(", ", findings.Select(finding => $"{finding.Key} {finding.Value}"))}");
        }

        Assert.True(failures.Count == 0, $"{failures.Count} failures:\n{string.Join('\n', failures)}");
    }

    /// <summary>The next backup of the same bytes writes again what a pack has lost, and every restore point is whole again.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_pack_is_healed_where_its_data_is_seen_again(bool encrypt)
    {
        DamageSpecimen specimen = await DamageSpecimen.CreateAsync(encrypt);
        foreach (DamageCase damage in DamageCase.Of(specimen, new Random(8)).Where(damage => damage.Family == "packs").DistinctBy(damage => $"{damage.Kind} {damage.Keys[0]}"))
        {
            MemoryStore store = await damage.Image.ToStoreAsync();
            await using TestRepository repository = await TestRepository.OpenAsync(store, encrypt);
            await repository.VerifyAsync();
            foreach ((string id, byte[] content) in specimen.Points)
            {
                await repository.BackUpAsync(content, $"again{id}");
            }

            Assert.True((await repository.VerifyAsync()).Affected.Count == 0, $"{damage}: not healed");
            await using TestRepository fresh = await TestRepository.OpenAsync(store, encrypt);
            foreach ((string id, byte[] content) in specimen.Points)
            {
                byte[] restored = await fresh.RestoreAsync((await fresh.Repository.ReadPointAsync(id, default))!);
                Assert.True(content.AsSpan().SequenceEqual(restored), $"{damage}: {id} differs");
            }
        }
    }
}
