using System.Net;
using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.S3;

namespace VProtect.Mover.Tests.Store.Backends.S3;

/// <summary>What goes wrong between us and the service, or there.</summary>
[Collection(S3Collection.Name)]
public sealed class S3FaultTests(S3Fixture s3)
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly S3Options Hasty = new() { FirstDeadline = TimeSpan.FromMilliseconds(300) };

    [Fact]
    public async Task Wrong_secret_is_denied_and_told_without_it()
    {
        await using S3Store store = S3Fixture.Open(s3.Gateway.NewLocation(), credentials: new S3Credentials(S3Gateway.AccessKey, "not-the-secret"));
        foreach (Func<Task> call in new Func<Task>[]
        {
            async () => await store.ReadAsync("config", 0, new byte[8], None),
            async () => await store.GetSizeAsync("config", None),
            async () => await store.PutIfAbsentAsync("config", new byte[8], None),
        })
        {
            VProtectException denied = await Assert.ThrowsAsync<VProtectException>(call);
            Assert.Equal(ErrorCode.StoreDenied, denied.Code);
            Assert.Contains($"'{S3Gateway.Bucket}'", denied.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("not-the-secret", denied.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("AKNOBODY", S3Gateway.SecretKey, "knows no access key of the id", "AWS_ACCESS_KEY_ID")]
    [InlineData(S3Gateway.AccessKey, "not-the-secret", "its secret is another one", "AWS_SECRET_ACCESS_KEY")]
    public async Task What_is_wrong_with_a_key_is_told(string accessKey, string secretKey, string message, string guidance)
    {
        await using S3Store store = S3Fixture.Open(s3.Gateway.NewLocation(), credentials: new S3Credentials(accessKey, secretKey));
        VProtectException denied = await Assert.ThrowsAsync<VProtectException>(async () => await store.ReadAsync("config", 0, new byte[8], None));
        Assert.Contains(message, denied.Message, StringComparison.Ordinal);
        Assert.Contains(guidance, denied.Guidance, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_bucket_is_told()
    {
        await using S3Store store = S3Fixture.Open($"s3://no-such-bucket/x?endpoint=http://127.0.0.1:{s3.Gateway.Port}");
        VProtectException missing = await Assert.ThrowsAsync<VProtectException>(async () => await store.ReadAsync("config", 0, new byte[8], None));
        Assert.Equal(ErrorCode.RepositoryNotFound, missing.Code);
        Assert.Contains("'no-such-bucket'", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_that_is_away_is_tried_until_the_deadline_then_told()
    {
        await using S3Store store = S3Fixture.Open("s3://bucket/x?endpoint=http://127.0.0.1:1", Hasty);
        VProtectException away = await Assert.ThrowsAsync<VProtectException>(async () => await store.ReadAsync("config", 0, new byte[8], None));
        Assert.Equal((ErrorCode.StoreFailed, RetryAdvice.Later), (away.Code, away.Retry));
        Assert.Contains("http://127.0.0.1:1 cannot be reached", away.Message, StringComparison.Ordinal);
    }

    /// <summary>Reads and a write begin while it is away, and all end well once it is back, with the right bytes.</summary>
    [Fact]
    public async Task Work_goes_on_when_the_service_is_back()
    {
        await using S3Store store = S3Fixture.Open(s3.Gateway.NewLocation());
        byte[] content = new byte[20 << 20];
        new Random(1).NextBytes(content);
        await store.PutIfAbsentAsync("packs/a", content.AsMemory(0, 1 << 20), None);
        await using IObjectWriter writer = await store.CreateAsync("packs/b", None);
        await writer.WriteAsync(content.AsMemory(0, 9 << 20), None);
        s3.Gateway.Stop();
        byte[] read = new byte[1 << 20];
        Task<int> reading = Task.Run(async () => await store.ReadAsync("packs/a", 0, read, None));
        Task<bool> writing = Task.Run(async () =>
        {
            await writer.WriteAsync(content.AsMemory(9 << 20), None);
            return await writer.CommitAsync(None);
        });
        await Task.Delay(500);
        Assert.False(reading.IsCompleted || writing.IsCompleted);
        await s3.Gateway.StartAgainAsync();
        Assert.Equal(1 << 20, await reading);
        Assert.True(read.AsSpan().SequenceEqual(content.AsSpan(0, 1 << 20)));
        Assert.True(await writing);
        byte[] written = new byte[content.Length];
        Assert.Equal(content.Length, await store.ReadAsync("packs/b", 0, written, None));
        Assert.True(written.AsSpan().SequenceEqual(content));
    }

    /// <summary>The object is made, the answer is lost, and the request is repeated: the creator learns that it was he, and nobody else does.</summary>
    [Fact]
    public async Task Creator_whose_answer_was_lost_still_learns_that_it_was_he()
    {
        await using var link = new AnswerLosingLink(s3.Gateway.Port);
        string location = s3.Gateway.NewLocation(link.Port);
        await using S3Store store = S3Fixture.Open(location);
        Assert.True(await store.PutIfAbsentAsync("first", new byte[1], None));
        link.LosesNextAnswer = true;
        Assert.True(await store.PutIfAbsentAsync("leases/a", new byte[10], None));
        Assert.False(link.LosesNextAnswer);
        link.LosesNextAnswer = true;
        Assert.False(await store.PutIfAbsentAsync("leases/a", new byte[10], None));
        Assert.False(link.LosesNextAnswer);
    }

    [Fact]
    public async Task Service_that_ignores_conditions_is_refused_before_anything_is_made()
    {
        using var service = new HttpListener();
        int port = FreePort.Take();
        service.Prefixes.Add($"http://127.0.0.1:{port}/");
        service.Start();
        _ = Task.Run(async () =>
        {
            while (service.IsListening)
            {
                HttpListenerContext request = await service.GetContextAsync();
                await request.Request.InputStream.CopyToAsync(Stream.Null);
                request.Response.Headers["ETag"] = "\"0\"";
                request.Response.Close();
            }
        });
        await using S3Store store = S3Fixture.Open($"s3://bucket/x?endpoint=http://127.0.0.1:{port}", Hasty);
        VProtectException refused = await Assert.ThrowsAsync<VProtectException>(async () => await store.PutIfAbsentAsync("config", new byte[1], None));
        Assert.Contains("If-None-Match", refused.Message, StringComparison.Ordinal);
        service.Stop();
    }
}
