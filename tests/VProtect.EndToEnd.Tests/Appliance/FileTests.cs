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
        await File.WriteAllTextAsync(directory["tree/home/ada/pipe "], "spaced");
        Tool.Run("ln", "-s", "/etc/shadow", directory["tree/home/ada/link"]);
        string deep = "deep/" + string.Join('/', Enumerable.Repeat(new string('d', 100), 4));
        Tool.Run("sh", "-c", $"cd \"$1\" && mkdir -p '{deep}' && echo deep >'{deep}/ü\\file' && chown 70000:3000000 hello.txt && chmod 4751 hello.txt && touch -d 2001-02-03T04:05:06Z hello.txt && mkfifo pipe && touch 'new\nline' && mkdir -m 700 closed", "sh", directory["tree/home/ada"]);
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
        Assert.Equal(["closed", "deep", "big.bin", "hello.txt", "link", "new\\x0aline", "pipe", "pipe "], NamesOf(listed));
        Assert.Equal(["/home/ada/hello.txt"], (await site.Client.PostAsync(at + "/search", new { path = "/", name = "HELLO" })).EnumerateArray().Select(file => file.GetProperty("path").GetString()));
        (HttpResponseMessage answer, byte[] content) = await site.Client.BytesAsync(at + "/content?path=/home/ada/big.bin", range: "bytes=1000-1999");
        Assert.Equal((206, "bytes 1000-1999/3000000"), ((int)answer.StatusCode, answer.Content.Headers.ContentRange!.ToString()));
        Assert.Equal(big[1000..2000], content);
        (answer, content) = await site.Client.BytesAsync(at + "/content?path=/home/ada/big.bin");
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(big, content);
        Assert.Equal(200, (int)(await site.Client.BytesAsync(at + "/content?path=/home/ada/hello.txt", range: "bytes=5-")).Answer.StatusCode);
        Assert.Equal("spaced"u8.ToArray(), (await site.Client.BytesAsync(at + "/content?path=/home/ada/pipe%20")).Content);
        foreach (string path in (string[])["/home/ada/link", "/../etc/passwd", "/home/ada/none", "/home"])
        {
            Assert.Equal(400, (int)(await site.Client.BytesAsync(at + $"/content?path={path}")).Answer.StatusCode);
        }

        (answer, content) = await site.Client.BytesAsync(at + "/download", new { path = "/home/ada" });
        Assert.Equal("ada.zip", answer.Content.Headers.ContentDisposition!.FileNameStar);
        using (var zip = new ZipArchive(new MemoryStream(content)))
        {
            Assert.Equal(["ada/", "ada/big.bin", "ada/closed/", "ada/hello.txt", "ada/new_x0aline", "ada/pipe "], zip.Entries.Select(entry => entry.FullName).Where(name => !name.Contains("deep", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
            using var reader = new StreamReader(zip.GetEntry("ada/hello.txt")!.Open());
            Assert.Equal("hello", await reader.ReadToEndAsync());
        }

        (answer, content) = await site.Client.BytesAsync(at + "/download?format=tar.zst", new { path = "/home/ada" });
        Assert.Equal(("ada.tar.zst", "application/zstd"), (answer.Content.Headers.ContentDisposition!.FileNameStar, answer.Content.Headers.ContentType!.MediaType));
        await File.WriteAllBytesAsync(directory["ada.tar.zst"], content);
        Unpack(directory, "ada.tar.zst", "unpacked");
        Assert.Equal(AsTold(directory["tree/home/ada"]), AsTold(directory["unpacked/ada"]));
        Assert.Equal(big, await File.ReadAllBytesAsync(directory["unpacked/ada/big.bin"]));
        Assert.Equal("deep\n", await File.ReadAllTextAsync(directory[$"unpacked/ada/{deep}/ü\\file"]));
        Assert.Equal(400, (int)(await site.Client.BytesAsync(at + "/download?format=rar", new { path = "/home/ada" })).Answer.StatusCode);

        (answer, content) = await site.Client.BytesAsync(at + "/archive?path=/home/ada/hello.txt&path=/lost%2Bfound");
        Assert.Equal("system.zip", answer.Content.Headers.ContentDisposition!.FileNameStar);
        using (var zip = new ZipArchive(new MemoryStream(content)))
        {
            Assert.Contains("hello.txt", zip.Entries.Select(entry => entry.FullName));
        }

        // 2. By command.
        Say(site, "files", "get", mount, "ubda", "/home/ada/hello.txt", "--format", "tar.zst", "--to", directory["one.tar.zst"]);
        Unpack(directory, "one.tar.zst", "one");
        Assert.Equal(AsTold(directory["tree/home/ada/hello.txt"]), AsTold(directory["one/hello.txt"]));
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

    private static void Unpack(TemporaryDirectory directory, string archive, string to)
    {
        Directory.CreateDirectory(directory[to]);
        Tool.Run("tar", "--zstd", "--numeric-owner", "-xpf", directory[archive], "-C", directory[to]);
    }

    /// <summary>All there is, but what no archive keeps: kind, permissions, owner, time, size of files, where links lead to.</summary>
    private static string AsTold(string path) => Tool.Run(
        "find", path, "!", "-type", "p", "(", "-type", "l", "-printf", "%P l %l %U:%G\n", "-o", "-type", "d", "-printf", "%P d %m %U:%G\n", "-o", "-printf", "%P f %m %U:%G %s %Ts\n", ")")
        .Split('\n').Order(StringComparer.Ordinal).Aggregate("", (all, line) => all + line + "\n");

    private static string Say(ApplianceSite site, params string[] arguments)
    {
        using var process = new VprotectProcess([VprotectProcess.Binary, .. arguments], site.CommandLine);
        (int exitCode, byte[] output, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
        return Encoding.UTF8.GetString(output);
    }

    private static IEnumerable<string> NamesOf(JsonElement list) => list.EnumerateArray().Select(file => file.GetProperty("name").GetString()!);
}
