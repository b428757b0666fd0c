using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Tests.Store;

/// <summary>Forgetting, holding and taking back, alone and against a collector.</summary>
public sealed class RepositoryHoldsTests
{
    [Fact]
    public async Task A_held_point_is_not_forgotten_until_it_is_released()
    {
        await using TestRepository place = await TestRepository.CreateAsync();
        RestorePoint point = await place.BackUpAsync([1, 2, 3]);
        await place.Repository.HoldAsync(point, "audit", default);
        Assert.Equal("audit", (await place.Repository.ListHoldsAsync(default))[point.Id].Reason);
        Assert.Equal(ErrorCode.RestorePointHeld, await ErrorOfAsync(() => place.Repository.ForgetAsync(point, default)));
        Assert.Equal(ErrorCode.RestorePointHeld, await ErrorOfAsync(() => place.Repository.HoldAsync(point, "again", default)));
        Assert.Equal("audit", (await place.Repository.ListHoldsAsync(default))[point.Id].Reason);

        await place.Repository.ReleaseAsync(point, default);
        Assert.Equal(ErrorCode.InvalidArgument, await ErrorOfAsync(() => place.Repository.ReleaseAsync(point, default)));
        await place.Repository.ForgetAsync(point, default);
        Assert.Empty(await place.Repository.ListPointsAsync(default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_forgotten_point_is_wanted_again_when_it_is_held_or_unforgotten(bool hold)
    {
        await using TestRepository place = await TestRepository.CreateAsync();
        byte[] content = [.. Enumerable.Range(0, 50_000).Select(i => (byte)(i * 7))];
        RestorePoint point = await place.BackUpAsync(content);
        await place.Repository.ForgetAsync(point, default);
        ForgottenPoint forgotten = Assert.Single(await place.Repository.ListForgottenAsync(default));
        Assert.NotNull(forgotten.ForgottenAt);
        Assert.Equal(point.Id, (await place.Repository.FindForgottenAsync(point.Id[..6], "vm", default)).Id);

        await (hold ? place.Repository.HoldAsync(point, null, default) : place.Repository.UnforgetAsync(point, default));

        Assert.Equal(hold ? 1 : 0, (await place.Repository.ListHoldsAsync(default)).Count);
        Assert.Empty(await place.Repository.ListForgottenAsync(default));
        await place.CollectAsync();
        await place.CollectAsync();
        Assert.Equal(content, await place.RestoreAsync(Assert.Single(await place.Repository.ListPointsAsync(default))));
    }

    [Fact]
    public async Task What_was_collected_cannot_be_held_or_taken_back_and_leaves_no_hold()
    {
        await using TestRepository place = await TestRepository.CreateAsync();
        RestorePoint point = await place.BackUpAsync([1, 2, 3]);
        await place.Repository.ForgetAsync(point, default);
        await place.CollectAsync();
        Assert.Equal(ErrorCode.RestorePointNotFound, await ErrorOfAsync(() => place.Repository.HoldAsync(point, null, default)));
        Assert.Equal(ErrorCode.RestorePointNotFound, await ErrorOfAsync(() => place.Repository.UnforgetAsync(point, default)));
        Assert.Empty(await place.KeysAsync("holds/"));
        Assert.Empty(await place.KeysAsync("forgotten/"));
    }

    /// <summary>Whoever creates the key first wins: there is no moment at which both believe they have.</summary>
    [Fact]
    public async Task A_claim_of_a_collector_wins_over_a_later_hold_and_loses_to_an_earlier_one()
    {
        await using TestRepository place = await TestRepository.CreateAsync();
        RestorePoint point = await place.BackUpAsync([1, 2, 3]);
        await place.Repository.ForgetAsync(point, default);
        await place.Repository.PutMarkAsync(EnvelopeKind.Removal, $"holds/{point.Id}", null, default);
        Assert.Equal(ErrorCode.RestorePointNotFound, await ErrorOfAsync(() => place.Repository.HoldAsync(point, null, default)));
        Assert.Equal(ErrorCode.RestorePointNotFound, await ErrorOfAsync(() => place.Repository.UnforgetAsync(point, default)));
        Assert.Empty(await place.Repository.ListHoldsAsync(default));

        // The collector that claimed it died; the next one goes on.
        Assert.Equal(1, (await place.CollectAsync()).PointsRemoved);
        Assert.Empty(await place.KeysAsync("holds/"));

        RestorePoint other = await place.BackUpAsync([4, 5, 6]);
        await place.Repository.HoldAsync(other, null, default);
        await place.Repository.PutMarkAsync(EnvelopeKind.Forgotten, $"forgotten/{other.Id}", null, default);
        Assert.False(await place.Repository.RemoveForgottenAsync(other.Id, default));
        Assert.Single(await place.KeysAsync("points/"), $"points/{other.Id}");
    }

    [Fact]
    public async Task A_claim_on_a_point_that_is_wanted_again_is_given_up_and_a_dead_collectors_is_cleaned()
    {
        await using TestRepository place = await TestRepository.CreateAsync();
        RestorePoint point = await place.BackUpAsync([1, 2, 3]);
        Assert.False(await place.Repository.RemoveForgottenAsync(point.Id, default));
        Assert.Empty(await place.KeysAsync("holds/"));

        await place.Repository.PutMarkAsync(EnvelopeKind.Removal, $"holds/{point.Id}", null, default);
        await place.CollectAsync();
        Assert.Empty(await place.KeysAsync("holds/"));
        Assert.Single(await place.Repository.ListPointsAsync(default));
    }

    [Fact]
    public async Task A_damaged_hold_holds()
    {
        await using TestRepository place = await TestRepository.CreateAsync();
        RestorePoint point = await place.BackUpAsync([1, 2, 3]);
        await place.Repository.HoldAsync(point, "audit", default);
        foreach (int damaged in new[] { 8, 45 })
        {
            await place.TamperAsync($"holds/{point.Id}", bytes =>
            {
                bytes[damaged] ^= damaged == 8 ? (byte)(7 ^ 12) : (byte)1;
                return bytes;
            });
            Assert.Null((await place.Repository.ListHoldsAsync(default))[point.Id].Reason);
            Assert.Equal(ErrorCode.RestorePointHeld, await ErrorOfAsync(() => place.Repository.ForgetAsync(point, default)));
        }
    }

    private static async Task<ErrorCode?> ErrorOfAsync(Func<Task> work) => (await Record.ExceptionAsync(work) as VProtectException)?.Code;
}
