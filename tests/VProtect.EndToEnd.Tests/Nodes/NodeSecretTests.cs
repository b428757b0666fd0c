using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.EndToEnd.Tests.Appliance;
using VProtect.Testing.FakePlatform;

namespace VProtect.EndToEnd.Tests.Nodes;

/// <summary>
/// Goal: the key of a bucket is in a node's memory while it works there, and nowhere else of that machine. Method: a node in a network of its own does everything that is done with a bucket, also with a
/// key that is refused; meanwhile its processes are looked at, and afterwards everything that it has written and said.
/// </summary>
public sealed class NodeSecretTests
{
    [Fact]
    public async Task Node_that_worked_with_a_bucket_has_its_key_nowhere()
    {
        using IDisposable turn = await NetworkTurn.TakeToChangeAsync();
        using var gateway = new S3Gateway();
        await gateway.StartAsync();
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 61, 3 << 20, 1 << 20));
        string uuid = Assert.Single(site.Machines());
        List<byte[]> content = await TestMachine.ReadAsync(site.Datacenter, uuid);
        string machine = await site.MachineAsync(uuid);
        using var node = new NodeProcess(site, "far");
        await using var way = new CuttableLink(new IPEndPoint(IPAddress.Loopback, gateway.Port), IPAddress.Parse(node.Network.ServerAddress));
        JsonObject settings = JsonObject.Create(await site.Client.GetAsync("/api/global-settings"))!;
        settings["nodeAddress"] = $"*:{FreePort.Take()}";
        await site.Client.PutAsync("/api/global-settings", settings);
        string config = Text(await site.Client.PostAsync("/api/node-configurations", new { name = "far" }), "guid");
        await site.Client.PutAsync($"/api/hypervisors/{site.Hypervisor}", new { nodeConfig = new { guid = config } });
        await node.JoinAsync(config);
        await site.StopAsync();
        await site.StartAsync(role: "server");
        node.Start();
        await ApplianceSite.UntilAsync(async () => await node.StateAsync() == "ONLINE", () => "The node does not come.");

        // 1. Everything that is done there, and what is refused. The profile is one that nobody has.
        const string wrong = "planted-not-the-secret-4712";
        string[] secrets = [S3Gateway.SecretKey, wrong, "only-the-platform-knows"];
        List<string> seen = [];
        using var watched = new CancellationTokenSource();
        Task watch = Task.Run(async () =>
        {
            while (!watched.IsCancellationRequested)
            {
                seen.AddRange(Look(node.Id, secrets));
                await Task.Delay(20);
            }
        });
        string credential = Text(await site.Client.PostAsync("/api/credential", new { name = "bucket", login = S3Gateway.AccessKey, secret = wrong }), "guid");
        object wanted = new
        {
            name = "bucket",
            settings = new { path = $"s3://{S3Gateway.Bucket}/{Guid.NewGuid():N}?endpoint=http://{node.Network.ServerAddress}:{way.Port}&profile=nobodys" },
            credential = new { guid = credential },
            nodeConfigs = new[] { new { guid = config } },
        };
        ApplianceRefusal refused = await Assert.ThrowsAsync<ApplianceRefusal>(() => site.Client.PostAsync("/api/backup-destinations", wanted));
        Assert.Contains("its secret is another one", refused.Message, StringComparison.Ordinal);
        await SetSecretAsync(S3Gateway.SecretKey);
        string bucket = Text(await site.Client.PostAsync("/api/backup-destinations", wanted), "guid");
        string pause = site.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause) { Passes = 1 });
        string task = await site.AskBackupAsync(machine, isFull: true, bucket);
        await ApplianceSite.UntilAsync(() => Task.FromResult(site.Datacenter.HitsOf(pause) > 1), () => $"No second read.\n{site.Process.Said}");
        Assert.Equal(secrets[..0], Look(node.Id, secrets));
        site.Datacenter.LiftAll();
        string backup = ApplianceSite.BackupOf(await site.SucceedsAsync(task));
        Assert.Equal(content, await site.RestoreAsync(backup));
        await site.SucceedsAsync(await site.AskAsync("restore", new { backup = new { guid = backup }, restorePath = site["images"], format = "qcow2" }));
        await site.VerifyAsync(bucket);
        await site.SucceedsAsync(await site.AskAsync("collect", new { backupDestination = new { guid = bucket } }));

        // A backup to a bucket that lets nobody in any more fails, and says so.
        await SetSecretAsync(wrong);
        JsonElement amiss = await site.Client.PostAsync($"/api/backup-destinations/{bucket}/check", new { });
        Assert.Contains("its secret is another one", Text(amiss, "stateInfo"), StringComparison.Ordinal);
        Assert.Equal("FAILED", ApplianceSite.StateOf(await site.EndOfAsync(await site.AskBackupAsync(machine, isFull: true, bucket))));
        await watched.CancelAsync();
        await watch;
        Assert.Empty(seen.Distinct());

        // 2. What it leaves: files, console; and what the server was told by it.
        List<(string Where, byte[] What)> left = [.. Files(node.Data), .. Files(node.Temporary), .. Files(site.Data)];
        foreach (JsonElement one in (await site.Client.GetAsync("/api/tasks")).EnumerateArray())
        {
            (HttpResponseMessage answer, byte[] log) = await site.Client.BytesAsync($"/api/tasks/{Text(one, "guid")}/log");
            answer.Dispose();
            left.Add(($"log of {ApplianceSite.TypeOf(one)}", log));
            left.Add(($"task {ApplianceSite.TypeOf(one)}", Encoding.UTF8.GetBytes(one.ToString())));
        }

        left.Add(("console", Encoding.UTF8.GetBytes(node.Stop())));
        left.AddRange(Files(node.Data));
        left.AddRange(Files(node.Temporary));
        Assert.Contains(left, one => one.Where == "logs/vprotect.log" && Encoding.UTF8.GetString(one.What).Contains("far", StringComparison.Ordinal));
        Assert.Contains(left, one => one.Where == "log of EXPORT" && one.What.Length > 2);
        Assert.Empty(
            from secret in secrets
            from form in Forms(secret)
            from one in left
            where one.What.AsSpan().IndexOf(form) >= 0
            select $"{secret} is in {one.Where}");

        Task<JsonElement> SetSecretAsync(string secret) => site.Client.PutAsync($"/api/credential/{credential}", new { secret });
    }

    /// <summary>What a process and all below it show of secrets to those who look at it from outside.</summary>
    private static List<string> Look(int process, string[] secrets)
    {
        List<string> seen = [];
        List<int> family = [process];
        for (int i = 0; i < family.Count; i++)
        {
            foreach (string name in (string[])["environ", "cmdline"])
            {
                byte[] shown = Read($"/proc/{family[i]}/{name}");
                seen.AddRange(from secret in secrets from form in Forms(secret) where shown.AsSpan().IndexOf(form) >= 0 select $"{secret} is in {name} of {Encoding.UTF8.GetString(Read($"/proc/{family[i]}/comm"))}");
            }

            foreach (string task in Directory.Exists($"/proc/{family[i]}/task") ? Directory.GetDirectories($"/proc/{family[i]}/task") : [])
            {
                family.AddRange(Encoding.ASCII.GetString(Read($"{task}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)));
            }
        }

        return seen;
    }

    /// <summary>Nothing of what has ended meanwhile.</summary>
    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IEnumerable<(string Where, byte[] What)> Files(string root)
    {
        foreach (string file in Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Where(file => new FileInfo(file) is { Exists: true, Length: > 0 }))
        {
            byte[] content = [];
            try
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                content = new byte[stream.Length];
                stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            }
            catch (IOException)
            {
                // It went meanwhile.
            }

            yield return (Path.GetRelativePath(root, file), content);
        }
    }

    private static IEnumerable<byte[]> Forms(string secret)
    {
        byte[] text = Encoding.UTF8.GetBytes(secret);
        yield return text;
        yield return Encoding.UTF8.GetBytes(Convert.ToBase64String(text).TrimEnd('=')[..^1]);
        yield return Encoding.UTF8.GetBytes(Convert.ToHexString(text));
        yield return Encoding.UTF8.GetBytes(Convert.ToHexStringLower(text));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
