using System.Globalization;

namespace VProtect.Mover.Tests.Pipelines;

/// <summary>
/// Goal: no order of operations costs a listed restore point a byte, and what is forgotten goes. Method: backups told and not
/// told what changed, forget and its undoing, holds, collections with and without a ledger, verifications, packs damaged and
/// healed, keys changed and rotated, indexes lost, all in random order by two processes, against a model that holds each
/// point's bytes. VPROTECT_RANDOM_OPERATIONS sets the number of seeds.
/// </summary>
public sealed class RandomLifeTests
{
    private const int Steps = 60;

    public static TheoryData<int> Seeds =>
        [.. Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("VPROTECT_RANDOM_OPERATIONS") ?? "4", CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Every_listed_point_gives_back_its_moment_whatever_happened_since(int seed)
    {
        var history = new List<string>();
        try
        {
            await using RepositoryLife life = await RepositoryLife.BeginAsync(seed, encrypt: seed % 2 == 1);
            for (int step = 0; step < Steps; step++)
            {
                history.Add(await life.StepAsync());
                if (step % 6 == 5)
                {
                    await life.CheckAsync();
                }
            }

            await life.EndAsync();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {seed}, after:\n{string.Join('\n', history)}\n{e.Message}", e);
        }
    }
}
