using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>Single files out of a backup, over REST and by command, from a file system that a guest made.</summary>
public sealed class FileTests
{
    [Fact]
    public async Task Files_of_a_backup_are_listed_found_and_taken_out()
    {
        using var directory = new TemporaryDirectory();
        byte[] big = RandomDisk.Create(new Random(3), 3_000_000);
        Directory.CreateDirectory(directory["tree/home/ada"]);
        await File.WriteAllBytesAsync(directory["tree/home/ada/big.bin"], big);
        await File.WriteAllTextAsync(directory["tree/home/ada/hello.txt"], "hello");
        Tool.Run("ln", "-s", "/etc/shadow", directory["tree/home/ada/link"]);
        Tool.Run("truncate", "-s", "24M", directory["disk"]);
        Tool.Run("mkfs.ext4", "-q", "-L", "system", "-d", directory["tree"], directory["disk"]);
        byte[] disk = await File.ReadAllBytesAsync(directory["disk"]);

        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter =>
        {
            web = TestMachine.Add(datacenter, "web", 12, disk.Length);
            datacenter.WriteAsync(web.Uuid, datacenter.Machine(web.Uuid).Disks[0].Id, 0, disk).GetAwaiter().GetResult();
        });
        string backup = await site.BackUpAsync(await site.MachineAsync(web.Uuid));
        await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup } }));
        string mount = (await site.Client.GetAsync("/api/mounted-backups"))[0].GetProperty("guid").GetString()!;

        // 1. Over REST.
        JsonElement volume = Assert.Single((await site.Client.GetAsync($"/api/mounted-file-systems/detailed?mounted-backup={mount}")).EnumerateArray());
        Assert.Equal(("system", "ext4", true), (volume.GetProperty("name").GetString(), volume.GetProperty("type").GetString(), volume.GetProperty("browsable").GetBoolean()));
        string at = $"/api/mounted-file-systems/{volume.GetProperty("guid").GetString()}";
        Assert.Equal(["home", "lost+found"], NamesOf(await site.Client.PostAsync(at + "/listing", new { path = "/" })));
        JsonElement listed = await site.Client.PostAsync(at + "/listing", new { path = "/home/ada" });
        Assert.Equal(["big.bin", "hello.txt", "link"], NamesOf(listed));
        Assert.Equal(["/home/ada/hello.txt"], (await site.Client.PostAsync(at + "/search", new { path = "/", name = "HELLO" })).EnumerateArray().Select(file => file.GetProperty("path").GetString()));
        (HttpResponseMessage answer, byte[] content) = await site.Client.BytesAsync(at + "/content?path=/home/ada/big.bin", range: "bytes=1000-1999");
        Assert.Equal((206, "bytes 1000-1999/3000000"), ((int)answer.StatusCode, answer.Content.Headers.ContentRange!.ToString()));
        Assert.Equal(big[1000..2000], content);
        (answer, content) = await site.Client.BytesAsync(at + "/content?path=/home/ada/big.bin");
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(big, content);
        Assert.Equal(200, (int)(await site.Client.BytesAsync(at + "/content?path=/home/ada/hello.txt", range: "bytes=5-")).Answer.StatusCode);
        foreach (string path in (string[])["/home/ada/link", "/../etc/passwd", "/home/ada/none", "/home"])
        {
            Assert.Equal(400, (int)(await site.Client.BytesAsync(at + $"/content?path={path}")).Answer.StatusCode);
        }

        (answer, content) = await site.Client.BytesAsync(at + "/download", new { path = "/home/ada" });
        Assert.Equal("ada.zip", answer.Content.Headers.ContentDisposition!.FileNameStar);
        using (var zip = new ZipArchive(new MemoryStream(content)))
        {
            Assert.Equal(["ada/big.bin", "ada/hello.txt"], zip.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
            using var reader = new StreamReader(zip.GetEntry("ada/hello.txt")!.Open());
            Assert.Equal("hello", await reader.ReadToEndAsync());
        }

        // 2. By command.
        Assert.Contains("system", Say(site, "files", "volumes", mount), StringComparison.Ordinal);
        Assert.Contains("hello.txt", Say(site, "files", "ls", mount, "ubda", "/home/ada"), StringComparison.Ordinal);
        Assert.Contains("/home/ada/big.bin", Say(site, "files", "find", mount, "system", "BIG"), StringComparison.Ordinal);
        Assert.Equal("hello", Say(site, "files", "get", mount, "ubda", "/home/ada/hello.txt", "--to", "-"));
        Say(site, "files", "get", mount, "ubda", "/home/ada/big.bin", "--to", site["taken"]);
        Assert.Equal(big, await File.ReadAllBytesAsync(site["taken"]));
        Assert.NotEqual(0, new VprotectProcess([VprotectProcess.Binary, "files", "get", mount, "ubda", "/home/ada/hello.txt", "--to", site["taken"]], site.CommandLine).Wait().ExitCode);

        // 3. Who looked where is known.
        List<string> noted = [.. (await site.Client.GetAsync("/api/audit?size=100")).EnumerateArray().Select(entry => $"{entry.GetProperty("action").GetString()} {entry.GetProperty("object")}")];
        Assert.Contains(noted, entry => entry.StartsWith("files.read", StringComparison.Ordinal) && entry.Contains("/home/ada/big.bin", StringComparison.Ordinal));
        Assert.Contains(noted, entry => entry.StartsWith("files.list", StringComparison.Ordinal) && entry.Contains("/home/ada", StringComparison.Ordinal));

        // 4. Nothing is left when it is unmounted.
        await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid = mount } }));
        Assert.NotEqual(200, (int)(await site.Client.BytesAsync(at + "/content?path=/home/ada/hello.txt")).Answer.StatusCode);
    }

    private static string Say(ApplianceSite site, params string[] arguments)
    {
        using var process = new VprotectProcess([VprotectProcess.Binary, .. arguments], site.CommandLine);
        (int exitCode, byte[] output, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
        return Encoding.UTF8.GetString(output);
    }

    private static IEnumerable<string> NamesOf(JsonElement list) => list.EnumerateArray().Select(file => file.GetProperty("name").GetString()!);
}
