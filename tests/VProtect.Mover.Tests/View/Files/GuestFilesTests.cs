using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Mover.View.Files;

namespace VProtect.Mover.Tests.View.Files;

/// <summary>File systems as their own tools make them, read by a real user-mode Linux; then hostile ones.</summary>
[Collection("mounts of this machine")]
public sealed class GuestFilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<FileExport> _disks = [];
    private string _made = "";

    private static CancellationToken None => CancellationToken.None;

    public void Dispose()
    {
        _disks.ForEach(disk => disk.Dispose());
        _directory.Dispose();
    }

    [Fact]
    public async Task File_systems_of_all_kinds_are_told_and_read()
    {
        string tree = Tree();
        Image("ext4", 64, image => Tool.Run("mkfs.ext4", "-q", "-L", "data", "-d", tree, image));
        Image("btrfs", 128, image => Tool.Run("mkfs.btrfs", "-q", "--rootdir", tree, image));
        Image("iso", 0, image => Tool.Run("genisoimage", "-quiet", "-R", "-o", image, tree));
        Image("fat", 64, image =>
        {
            Tool.Run("mkfs.vfat", image);
            Tool.Run("mcopy", "-s", "-i", image, Path.Join(tree, "folder"), "::folder");
        });
        Image("ntfs", 64, image =>
        {
            Tool.Run("mkntfs", "-q", "-F", image);
            Tool.Run("ntfscp", "-f", image, Path.Join(tree, "folder", "big"), "big");
        });
        Image("xfs", 320, image =>
        {
            string prototype = _directory["prototype"];
            File.WriteAllText(prototype, $"/\n0 0\nd--755 0 0\nfolder d--755 0 0\nbig ---644 0 0 {tree}/folder/big\n$\n$\n");
            Tool.Run("mkfs.xfs", "-q", "-p", prototype, image);
        });
        Image("swap", 8, image => Tool.Run("mkswap", image));
        Image("nothing", 8, _ => { });

        await using GuestFiles files = Open();
        IReadOnlyList<GuestVolume> volumes = await files.ListVolumesAsync(None);
        Assert.Equal(["ext4", "btrfs", "iso9660", "vfat", "ntfs", "xfs", "swap", ""], volumes.Select(volume => volume.Type));
        Assert.Equal(("data", "disk 1", 64L << 20, true), (volumes[0].Label, volumes[0].Name, volumes[0].SizeBytes, volumes[0].HasFiles));
        Assert.False(volumes[6].HasFiles);

        byte[] big = File.ReadAllBytes(Path.Join(tree, "folder", "big"));
        foreach (GuestVolume volume in volumes.Where(volume => volume.HasFiles))
        {
            string path = volume.Type == "ntfs" ? "big" : "folder/big";
            Assert.Equal(big.Length, (await files.FindAsync(volume.Id, path, None)).SizeBytes);
            Assert.True(Same(big, await ReadAsync(files, volume.Id, path, 0, long.MaxValue)), volume.Type);
            Assert.Equal(big[1000..1016], await ReadAsync(files, volume.Id, path, 1000, 16));
        }

        await RefusesAsync(() => files.ListAsync(volumes[6].Id, "/", None), "it holds swap");
        await RefusesAsync(() => files.ListAsync(volumes[7].Id, "/", None), "no file system is known");
        await RefusesAsync(() => files.ListAsync("ubdz", "/", None), "no such volume");
    }

    /// <summary>Nobody makes these with something in them outside of a kernel that mounts them.</summary>
    [Fact]
    public async Task ExFAT_and_UDF_are_told_and_read()
    {
        string tree = Tree();
        string long255 = new('n', 250);
        File.WriteAllText(Path.Join(tree, "folder", "große Dateien – 大.txt"), "umlaut");
        File.WriteAllText(Path.Join(tree, "folder", long255), "long");
        Image("exfat", 64, image => Tool.Run("mkfs.exfat", "-L", "card", image));
        Image("udf", 64, image => Tool.Run("mkudffs", "--label=disc", "--blocksize=512", image));
        Image("udf 2048", 64, image => Tool.Run("mkudffs", "--media-type=dvdrw", "--label=ray", image));
        Image("bridge", 0, image => Tool.Run("genisoimage", "-quiet", "-udf", "-R", "-allow-limited-size", "-o", image, tree));
        Sparse(_directory["part.ext4"], 1);
        MakeInside(
            "mount -t tmpfs t /mnt; mkdir /mnt/a /mnt/b",
            $"mount.exfat-fuse /dev/ubda /mnt/a && cp -r {tree}/. /mnt/a && umount /mnt/a && echo exfat-done",
            $"mount -t udf /dev/ubdb /mnt/b && cp -r {tree}/. /mnt/b && ln -s /etc/shadow /mnt/b/link && umount /mnt/b && echo udf-done");

        await using GuestFiles files = Open();
        IReadOnlyList<GuestVolume> volumes = await files.ListVolumesAsync(None);
        string all = string.Join('\n', volumes) + _made;
        Assert.True(volumes.Select(volume => volume.Type).ToArray() is ["exfat", "udf", "udf", "udf" or "iso9660"], all);
        Assert.Equal(["card", "disc", "ray"], volumes.Take(3).Select(volume => volume.Label));
        byte[] big = File.ReadAllBytes(Path.Join(tree, "folder", "big"));
        foreach (GuestVolume volume in (GuestVolume[])[volumes[0], volumes[1], volumes[3]])
        {
            Assert.True(Same(big, await ReadAsync(files, volume.Id, "folder/big", 0, long.MaxValue)), all);
            Assert.Equal(big[1000..1016], await ReadAsync(files, volume.Id, "folder/big", 1000, 16));
        }

        foreach (GuestVolume volume in volumes.Take(2))
        {
            Assert.Equal(["big", "große Dateien – 大.txt", long255], (await files.ListAsync(volume.Id, "folder", None)).Select(file => file.Name).Order(StringComparer.Ordinal));
            Assert.Equal("umlaut"u8.ToArray(), await ReadAsync(files, volume.Id, "folder/große Dateien – 大.txt", 0, 10));
            Assert.Equal("long"u8.ToArray(), await ReadAsync(files, volume.Id, $"folder/{long255}", 0, 10));
        }

        Assert.Equal("/etc/shadow", (await files.FindAsync(volumes[1].Id, "link", None)).Target);
        Assert.DoesNotContain(await files.ListAsync(volumes[2].Id, "/", None), file => file.Name != "lost+found");
    }

    [Fact]
    public async Task Names_links_and_devices_are_told_as_they_are_and_none_is_followed()
    {
        string tree = Tree();
        Tool.Run("ln", "-s", "/etc/shadow", Path.Join(tree, "link"));
        Tool.Run("ln", "-s", "/", Path.Join(tree, "root"));
        Tool.Run("ln", "-s", ".", Path.Join(tree, "loop"));
        Tool.Run("mknod", Path.Join(tree, "device"), "b", "98", "0");
        Tool.Run("mkfifo", Path.Join(tree, "pipe"));
        Tool.Run("sh", "-c", "touch \"$(printf '%s/odd\\377name\\nline' \"$1\")\"", "sh", tree);
        Image("ext4", 64, image => Tool.Run("mkfs.ext4", "-q", "-d", tree, image));
        Tool.Run("rm", "-rf", tree);
        await using GuestFiles files = Open();
        IReadOnlyList<GuestFile> root = await files.ListAsync("ubda", "/", None);
        Assert.Equal(
            ["device", "empty", "folder", "link", "loop", "lost+found", "odd\\xffname\\x0aline", "pipe", "root"],
            root.Select(file => file.Name).Order(StringComparer.Ordinal));
        Assert.Equal((GuestFileKind.Link, "/etc/shadow"), (Named("link").Kind, Named("link").Target));
        Assert.Equal((GuestFileKind.Special, GuestFileKind.Special), (Named("device").Kind, Named("pipe").Kind));
        Assert.Equal(0, (await files.FindAsync("ubda", "odd\\xffname\\x0aline", None)).SizeBytes);

        foreach (string path in (string[])["link", "device", "pipe", "folder", "root/etc/passwd", "loop/folder/big", "../etc/passwd", "folder/../../etc/passwd", "./folder/big", "none"])
        {
            await RefusesAsync(() => ReadAsync(files, "ubda", path, 0, 10), "");
        }

        await RefusesAsync(() => files.ListAsync("ubda", "root", None), "it is no folder");
        await RefusesAsync(() => files.ListAsync("ubda", "folder/big", None), "it is no folder");
        GuestFile Named(string name) => root.Single(file => file.Name == name);
    }

    [Fact]
    public async Task Folders_are_searched_by_name_and_large_ones_listed()
    {
        const int Count = 100_000;
        string tree = Tree();
        string many = Path.Join(tree, "many");
        Directory.CreateDirectory(many);
        for (int i = 0; i < Count; i++)
        {
            File.WriteAllText(Path.Join(many, $"file {i}"), "");
        }

        Image("btrfs", 512, image => Tool.Run("mkfs.btrfs", "-q", "--rootdir", tree, image));
        await using GuestFiles files = Open();
        Assert.Equal(Count, (await files.ListAsync("ubda", "many", None)).Count);
        (IReadOnlyList<GuestFile> found, bool hasMore) = await files.WalkAsync("ubda", "/", "FILE 1999", 100, None);
        Assert.Equal(11, found.Count);
        Assert.False(hasMore);
        Assert.All(found, file => Assert.StartsWith("many/file 1999", file.Name, StringComparison.Ordinal));
        (found, hasMore) = await files.WalkAsync("ubda", "many", "", 50, None);
        Assert.Equal((50, true), (found.Count, hasMore));
    }

    /// <summary>No tool makes it in a test's time: the folder's blocks are a file's content, which then is called a folder.</summary>
    [Fact]
    public async Task A_folder_of_ten_million_entries_is_refused_and_its_names_are_searched()
    {
        const int Count = 10_000_000;
        string tree = Tree();
        File.WriteAllBytes(Path.Join(tree, "many"), FolderOf(Count, inode: 12));
        Image("ext4", 256, image =>
        {
            Tool.Run("mkfs.ext4", "-q", "-b", "4096", "-O", "^metadata_csum,^dir_index", "-d", tree, image);
            Tool.Run("debugfs", "-w", "-R", "set_inode_field /many mode 040755", image);
        });
        await using GuestFiles files = Open();
        await RefusesAsync(() => files.ListAsync("ubda", "many", None), "too many entries");
        (IReadOnlyList<GuestFile> found, bool hasMore) = await files.WalkAsync("ubda", "many", "f00001", 100, None);
        Assert.Equal((100, true), (found.Count, hasMore));
        Assert.Contains(await files.ListAsync("ubda", "/", None), file => file is { Name: "many", Kind: GuestFileKind.Folder });
    }

    /// <summary>The blocks of an ext4 folder without an index; all entries are one file.</summary>
    private static byte[] FolderOf(int count, int inode)
    {
        const int EntryBytes = 16;
        byte[] blocks = new byte[(count * EntryBytes / 4096 * 4096) + 4096];
        for (int i = 0; i < blocks.Length / EntryBytes; i++)
        {
            Span<byte> entry = blocks.AsSpan(i * EntryBytes, EntryBytes);
            BinaryPrimitives.WriteInt32LittleEndian(entry, inode);
            BinaryPrimitives.WriteInt16LittleEndian(entry[4..], EntryBytes);
            (entry[6], entry[7]) = (8, 1);
            Encoding.ASCII.GetBytes($"f{i:x7}", entry[8..]);
        }

        return blocks;
    }

    [Fact]
    public async Task Partitions_volume_groups_over_disks_arrays_and_encrypted_volumes_are_found()
    {
        string tree = Tree();
        string ext4 = _directory["part.ext4"];
        Sparse(ext4, 32);
        Tool.Run("mkfs.ext4", "-q", "-b", "4096", "-d", tree, ext4);
        Image("gpt", 64, image =>
        {
            Tool.Run("sh", "-c", "printf 'label: gpt\\n2048,8192,S\\n10240,65536,L\\n' | sfdisk -q \"$1\"", "sh", image);
            Tool.Run("dd", "status=none", "conv=notrunc", "bs=512", "seek=10240", $"if={ext4}", $"of={image}");
        });
        Image("luks", 64, image =>
        {
            Tool.Run("sh", "-c", "printf secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \"$1\" -", "sh", image);

            // As distributions do it, with more memory than an agent has.
            (string first, string second) = (_directory["first"], _directory["second"]);
            File.WriteAllText(first, "secret");
            File.WriteAllText(second, "another");
            Tool.Run("cryptsetup", "luksAddKey", "-q", "--pbkdf", "argon2id", "--pbkdf-memory", "262144", "--pbkdf-force-iterations", "4", "--key-file", first, image, second);
        });
        Image("lvm 1", 64, _ => { });
        Image("lvm 2", 64, _ => { });
        Image("md 1", 40, _ => { });
        Image("md 2", 40, _ => { });
        Image("pool 1", 128, _ => { });
        Image("pool 2", 128, _ => { });
        Image("thin", 160, _ => { });
        // This machine has no device mapper: a user-mode Linux that may write makes what is to be read.
        MakeInside(
            "C='--config=devices{use_devicesfile=0 scan=\"/dev\"} activation{udev_sync=0 udev_rules=0} global{use_lvmpolld=0 thin_check_executable=\"\"} backup{backup=0 archive=0}'",
            "lvm pvcreate \"$C\" -q /dev/ubdc /dev/ubdd; lvm vgcreate \"$C\" vg0 /dev/ubdc /dev/ubdd; lvm lvcreate \"$C\" -y -Zn -Wn -L 90M -n home vg0; dmsetup mknodes",
            "dd if=/dev/ubdj of=/dev/mapper/vg0-home bs=1M status=none",
            "mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.2 --assume-clean /dev/ubde /dev/ubdf; dd if=/dev/ubdj of=/dev/md0 bs=1M status=none; mdadm --stop /dev/md0",
            $"mkfs.btrfs -q -d raid1 -m raid1 -L pool /dev/ubdg /dev/ubdh; mount /dev/ubdg /mnt; cp -r {tree}/. /mnt; umount /mnt",
            "lvm pvcreate \"$C\" -q /dev/ubdi; lvm vgcreate \"$C\" vg1 /dev/ubdi",
            "lvm lvcreate \"$C\" -y -q -Zn -Wn -T -L 100M -V 300M -n thin vg1/pool; dmsetup mknodes; dd if=/dev/ubdj of=/dev/mapper/vg1-thin bs=1M status=none",
            "printf secret | cryptsetup open --key-file - /dev/ubdb plain; dd if=/dev/ubdj of=/dev/mapper/plain bs=1M status=none; cryptsetup close plain");

        await using GuestFiles files = Open();
        IReadOnlyList<GuestVolume> volumes = await files.ListVolumesAsync(None);
        string all = string.Join('\n', volumes) + _made;
        Assert.True(volumes.Count(volume => volume.Type == "ext4") == 4 && volumes.Count(volume => volume.Label == "pool") == 2 && volumes.Count(volume => volume.IsLocked) == 1, all);
        GuestVolume partition = volumes.Single(volume => volume.Name == "disk 1, partition 2");
        GuestVolume logical = volumes.Single(volume => volume.Name == "vg0-home");
        GuestVolume locked = volumes.Single(volume => volume.IsLocked);
        GuestVolume thin = volumes.Single(volume => volume.Name == "vg1-thin");
        GuestVolume array = volumes.Single(volume => volume.Id.StartsWith("md", StringComparison.Ordinal) && volume.HasFiles);
        Assert.Contains("Type the pass phrase", (await RefusesAsync(() => files.UnlockAsync(locked.Id, "wrong", None), "does not open it")).Guidance, StringComparison.Ordinal);
        await files.UnlockAsync(locked.Id, "another", None);
        GuestVolume unlocked = (await files.ListVolumesAsync(None)).Single(volume => volume.Name.StartsWith("unlocked-", StringComparison.Ordinal));
        byte[] big = File.ReadAllBytes(Path.Join(tree, "folder", "big"));
        foreach (GuestVolume volume in (GuestVolume[])[partition, logical, array, thin, unlocked, .. volumes.Where(volume => volume.Label == "pool")])
        {
            Assert.Equal(volume.Label == "pool" ? "btrfs" : "ext4", volume.Type);
            Assert.True(Same(big, await ReadAsync(files, volume.Id, "folder/big", 0, long.MaxValue)), all);
        }

        Assert.Empty(Tool.TryRun("pgrep", "-f", $"^linux.uml mem={GuestFiles.MemoryMiB + 256}M").Output);
        await using GuestFiles half = Open(_disks[6]);
        Assert.True(Same(big, await ReadAsync(half, "ubda", "folder/big", 0, long.MaxValue)), all);
    }

    /// <summary>Disks of machines that run are as after a power cut.</summary>
    [Fact]
    public async Task What_only_journals_tell_is_there_and_disks_stay_as_they_are()
    {
        string tree = Tree();
        Image("ext4", 64, image => Tool.Run("mkfs.ext4", "-q", image));
        Image("xfs", 320, image => Tool.Run("mkfs.xfs", "-q", image));
        Image("btrfs", 128, image => Tool.Run("mkfs.btrfs", "-q", image));
        Sparse(_directory["part.ext4"], 1);
        MakeInside(
            "mount -t tmpfs t /mnt; mkdir /mnt/a /mnt/b /mnt/c; mount /dev/ubda /mnt/a; mount /dev/ubdb /mnt/b; mount -o commit=300 /dev/ubdc /mnt/c; sync",
            $"for d in a b c; do cp -r {tree}/folder /mnt/$d; echo late >/mnt/$d/folder/late; for f in folder folder/late folder/big; do sync /mnt/$d/$f; done; done",
            "echo o >/proc/sysrq-trigger; sleep 5");
        string[] images = Directory.GetFiles(_directory.Path, "*.image");
        Dictionary<string, string> before = images.ToDictionary(image => image, HashOf);
        byte[] big = File.ReadAllBytes(Path.Join(tree, "folder", "big"));
        await using (GuestFiles files = Open())
        {
            foreach (string volume in (string[])["ubda", "ubdb", "ubdc"])
            {
                Assert.Equal("late\n"u8.ToArray(), await ReadAsync(files, volume, "folder/late", 0, 10));
                Assert.True(Same(big, await ReadAsync(files, volume, "folder/big", 0, long.MaxValue)), volume + _made);
            }
        }

        Assert.All(images, image => Assert.Equal(before[image], HashOf(image)));
        static string HashOf(string path) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
    }

    /// <summary>More rounds with <c>VPROTECT_HOSTILE</c>; a round is 16 images.</summary>
    [Fact]
    public async Task Damaged_and_hostile_file_systems_give_errors_and_nothing_else()
    {
        string tree = Tree();
        File.WriteAllText(Path.Join(tree, "folder", "small"), "small");
        Dictionary<string, byte[]> sound = new()
        {
            ["ext4"] = Made(16, image => Tool.Run("mkfs.ext4", "-q", "-d", tree, image)),
            ["btrfs"] = Made(110, image => Tool.Run("mkfs.btrfs", "-q", "--mixed", "--rootdir", tree, image)),
            ["xfs"] = Made(300, image => Tool.Run("mkfs.xfs", "-q", image)),
            ["fat"] = Made(8, image =>
            {
                Tool.Run("mkfs.vfat", image);
                Tool.Run("mcopy", "-s", "-i", image, Path.Join(tree, "folder"), "::folder");
            }),
            ["ntfs"] = Made(16, image =>
            {
                Tool.Run("mkntfs", "-q", "-F", image);
                Tool.Run("ntfscp", "-f", image, Path.Join(tree, "folder", "big"), "big");
            }),
            ["exfat"] = Made(16, image => Tool.Run("mkfs.exfat", image)),
            ["udf"] = Made(0, image => Tool.Run("genisoimage", "-quiet", "-udf", "-R", "-o", image, tree)),
            ["gpt"] = Made(4, image => Tool.Run("sh", "-c", "printf 'label: gpt\\n2048,2048,L\\n' | sfdisk -q \"$1\"", "sh", image)),
        };
        string[] kinds = [.. sound.Keys];
        int rounds = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_HOSTILE") ?? "1", CultureInfo.InvariantCulture);
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < 16; i++)
            {
                Image($"broken {i}", 0, image => WriteSparse(image, Broken(sound[kinds[i % kinds.Length]], new Random(17 + (100 * round) + i), isEverywhere: i < 8)));
            }

            await LooksEverywhereAsync();
            _disks.ForEach(disk => disk.Dispose());
            _disks.Clear();
        }
    }

    private async Task LooksEverywhereAsync()
    {
        await using GuestFiles files = Open();
        IReadOnlyList<GuestVolume> volumes = await files.ListVolumesAsync(None);
        Assert.True(volumes.Count >= 14, $"{volumes.Count} volumes");
        foreach (GuestVolume volume in volumes)
        {
            try
            {
                await files.ListAsync(volume.Id, "/", None);
                (IReadOnlyList<GuestFile> all, _) = await files.WalkAsync(volume.Id, "/", "", 10_000, None);
                foreach (GuestFile file in all.Where(file => file.Kind == GuestFileKind.File).Take(5))
                {
                    await ReadAsync(files, volume.Id, file.Name, 0, 1 << 20);
                }
            }
            catch (VProtectException refusal)
            {
                Assert.True(refusal.Code is ErrorCode.GuestFilesRefused or ErrorCode.GuestFilesBroken, refusal.Message);
            }
        }

        Assert.Equal(volumes.Count, (await files.ListVolumesAsync(None)).Count);
    }

    /// <summary>With bytes of it changed: in its first sector but one as well as in whatever is not empty, or there alone.</summary>
    private static byte[] Broken(byte[] sound, Random random, bool isEverywhere)
    {
        byte[] broken = [.. sound];
        int[] used = [.. Enumerable.Range(0, sound.Length / 4096).Where(page => sound.AsSpan(page * 4096, 4096).ContainsAnyExcept((byte)0)).Take(256)];
        for (int hit = 0; hit < (isEverywhere ? 400 : 12); hit++)
        {
            int at = (used[isEverywhere ? random.Next(used.Length) : 0] * 4096) + random.Next(4096);
            broken[at] = (byte)random.Next(256);
        }

        return broken;
    }

    private byte[] Made(int sizeMiB, Action<string> make)
    {
        string path = _directory["sound"];
        File.Delete(path);
        if (sizeMiB > 0)
        {
            Sparse(path, sizeMiB);
        }

        make(path);
        return File.ReadAllBytes(path);
    }

    private static void WriteSparse(string path, byte[] content)
    {
        using FileStream file = File.Create(path);
        file.SetLength(content.Length);
        for (int at = 0; at < content.Length; at += 4096)
        {
            ReadOnlySpan<byte> page = content.AsSpan(at, Math.Min(4096, content.Length - at));
            if (page.ContainsAnyExcept((byte)0))
            {
                RandomAccess.Write(file.SafeFileHandle, page, at);
            }
        }
    }

    [Fact]
    public async Task Agent_that_is_killed_is_replaced_and_nothing_is_left_of_it()
    {
        Image("ext4", 32, image => Tool.Run("mkfs.ext4", "-q", "-d", Tree(), image));
        string[] before = Directory.GetDirectories(Path.GetTempPath(), "vprotect-files-*");
        await using (GuestFiles files = Open())
        {
            Assert.Single(await files.ListVolumesAsync(None));
            Assert.Equal(before, Directory.GetDirectories(Path.GetTempPath(), "vprotect-files-*"));
            Assert.NotEmpty(Agents());
            foreach (string id in Agents())
            {
                // Its kernel threads are processes here: the first that dies takes the rest with it.
                Tool.TryRun("kill", "-9", id);
            }

            await Assert.ThrowsAsync<VProtectException>(() => files.ListVolumesAsync(None));
            Assert.Single(await files.ListVolumesAsync(None));
        }

        Assert.Empty(Agents());
        Assert.DoesNotContain("vprotect-files-", File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelled_request_harms_no_later_one()
    {
        Image("ext4", 32, image => Tool.Run("mkfs.ext4", "-q", "-d", Tree(), image));
        await using GuestFiles files = Open();
        await files.ListVolumesAsync(None);
        _disks[0].Hangs = true;
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(files, "ubda", "folder/big", 0, long.MaxValue, cancel.Token));
        _disks[0].Hangs = false;
        Assert.NotEmpty(await ReadAsync(files, "ubda", "folder/big", 0, long.MaxValue));
    }

    [Fact]
    public async Task Unmounting_waits_for_nobody_who_reads()
    {
        Image("ext4", 32, image => Tool.Run("mkfs.ext4", "-q", "-d", Tree(), image));
        GuestFiles files = Open();
        await files.ListVolumesAsync(None);
        _disks[0].Hangs = true;
        Task<byte[]> reading = ReadAsync(files, "ubda", "folder/big", 0, long.MaxValue);
        await files.DisposeAsync();
        await RefusesAsync(() => reading, "being unmounted");
        await RefusesAsync(() => files.ListVolumesAsync(None), "being unmounted");
        Assert.Empty(Agents());
    }

    private static bool Same(byte[] one, byte[] other) => one.AsSpan().SequenceEqual(other);

    private static List<string> Agents() =>
        [.. Tool.TryRun("pgrep", "-f", $"^linux.uml mem={GuestFiles.MemoryMiB}M").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static async Task<VProtectException> RefusesAsync(Func<Task> request, string reason)
    {
        VProtectException refusal = await Assert.ThrowsAsync<VProtectException>(request);
        Assert.Equal(ErrorCode.GuestFilesRefused, refusal.Code);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        return refusal;
    }

    private static async Task<byte[]> ReadAsync(GuestFiles files, string volume, string path, long offset, long length, CancellationToken cancellationToken = default)
    {
        using var bytes = new MemoryStream();
        await files.ReadAsync(volume, path, offset, length, piece =>
        {
            bytes.Write(piece.Span);
            return ValueTask.CompletedTask;
        }, cancellationToken);
        return bytes.ToArray();
    }

    private static void Sparse(string path, int sizeMiB) => Tool.Run("truncate", "-s", string.Create(CultureInfo.InvariantCulture, $"{sizeMiB}M"), path);

    /// <summary>Runs commands in a user-mode Linux that may write to the images; the last disk is the sound ext4.</summary>
    private void MakeInside(params string[] commands)
    {
        string script = _directory["make.sh"];
        File.WriteAllText(script, $"""
            #!/bin/sh
            export PATH=/usr/sbin:/usr/bin:/sbin:/bin
            mount -t proc proc /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; mount -t tmpfs t /run
            mkdir -p /run/root/lib/modules /run/lock /run/lvm /run/cryptsetup
            ln -s /usr/lib/uml/modules/$(uname -r) /run/root/lib/modules/$(uname -r)
            printf '#!/bin/sh\nexec modprobe -d /run/root "$@"\n' >/run/modprobe; chmod 755 /run/modprobe; echo /run/modprobe >/proc/sys/kernel/modprobe
            /run/modprobe -a fuse dm-mod dm-crypt dm-thin-pool raid1 algif_skcipher
            exec >/dev/console 2>&1
            {string.Join('\n', commands)}
            sync; echo o >/proc/sysrq-trigger; sleep 5
            """);
        Tool.Run("chmod", "+x", script);
        string preloaded = _directory["uml.so"];
        using (Stream program = typeof(GuestFiles).Assembly.GetManifestResourceStream("VProtect.Mover.Files.uml.so")!)
        using (FileStream file = File.Create(preloaded))
        {
            program.CopyTo(file);
        }

        List<string> arguments = ["120", "env", $"LD_PRELOAD={preloaded}", "linux.uml", "mem=192M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", $"init={script}", "quiet", "con=null", "con0=null,fd:1"];
        string[] disks = [.. Directory.GetFiles(_directory.Path, "*.image").Order(StringComparer.Ordinal), _directory["part.ext4"]];
        arguments.AddRange(disks.Select((disk, i) => $"ubd{i}={disk}"));
        _made = Tool.Run("timeout", [.. arguments]);
    }

    private string Tree()
    {
        string tree = _directory["tree"];
        Directory.CreateDirectory(Path.Join(tree, "folder"));
        byte[] big = new byte[(5 << 20) + 77];
        new Random(1).NextBytes(big);
        File.WriteAllBytes(Path.Join(tree, "folder", "big"), big);
        File.WriteAllText(Path.Join(tree, "empty"), "");
        return tree;
    }

    private void Image(string name, int sizeMiB, Action<string> make)
    {
        string path = _directory[string.Create(CultureInfo.InvariantCulture, $"{_disks.Count:00} {name}.image").Replace(' ', '-')];
        if (sizeMiB > 0)
        {
            Sparse(path, sizeMiB);
        }

        make(path);
        _disks.Add(new FileExport(path));
    }

    private GuestFiles Open(params FileExport[] disks) => new(disks.Length > 0 ? disks : _disks, NullLogger<GuestFiles>.Instance, TimeProvider.System);
}
