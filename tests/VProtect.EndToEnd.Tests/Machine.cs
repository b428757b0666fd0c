using System.Diagnostics;
using System.Text.Json.Nodes;

namespace VProtect.EndToEnd.Tests;

/// <summary>
/// A machine's disk as QEMU holds it, without a guest: the guest's writes come through a writable export. Snapshots are
/// taken as for a running machine: a copy-before-write filter, a scratch overlay that fleeces, and a new bitmap, all in one
/// transaction.
/// </summary>
internal sealed class Machine : IDisposable
{
    /// <summary>Name of the bitmap that a snapshot's export shows: what was written since an earlier snapshot.</summary>
    public const string Changed = "changed";

    private readonly string _directory;
    private readonly string _image;
    private readonly Process _daemon;
    private readonly QmpClient _qmp;

    /// <param name="directory">Of its own.</param>
    /// <param name="image">A qcow2 file.</param>
    public Machine(string directory, string image)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        _image = image;
        _daemon = Process.Start(
            "qemu-storage-daemon",
            [
                "--chardev", $"socket,id=qmp,path={Qmp},server=on,wait=off", "--monitor", "chardev=qmp",
                "--blockdev", $"driver=qcow2,node-name=disk,discard=unmap,file.driver=file,file.filename={image},file.discard=unmap",
                "--nbd-server", $"addr.type=unix,addr.path={Nbd},max-connections=16",
                "--export", "type=nbd,id=guest,node-name=disk,name=guest,writable=on",
            ]);
        _qmp = new QmpClient(Qmp);
    }

    private string Qmp => Path.Join(_directory, "qmp");

    private string Nbd => Path.Join(_directory, "nbd");

    public string Uri(string export) => $"nbd+unix:///{export}?socket={Nbd}";

    /// <summary>What the guest does, in words of qemu-io: <c>write -P 7 1M 64k</c>, <c>discard 2M 1M</c>.</summary>
    public void Guest(params string[] commands) =>
        Tool.Run("qemu-io", ["-f", "raw", "-d", "unmap", .. commands.SelectMany(command => new[] { "-c", command }), Uri("guest")]);

    /// <summary>Begins a snapshot, exported under its name, and the bitmap <c>since-NAME</c> of what is written from now on.</summary>
    /// <param name="name">Of the snapshot.</param>
    /// <param name="since">An earlier snapshot: the export also shows what was written since then.</param>
    /// <param name="bitmap">What the export calls that.</param>
    public void BeginSnapshot(string name, string? since = null, string bitmap = Changed)
    {
        string scratch = Path.Join(_directory, name + ".qcow2");
        Tool.Run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", _image, scratch);
        Execute("blockdev-add", $$"""{"driver": "qcow2", "node-name": "{{name}}", "file": {"driver": "file", "filename": "{{scratch}}"}, "backing": "disk"}""");
        string actions = $$"""
            {"type": "blockdev-backup", "data": {"device": "disk", "target": "{{name}}", "sync": "none", "job-id": "job-{{name}}"} },
            {"type": "block-dirty-bitmap-add", "data": {"node": "disk", "name": "since-{{name}}", "persistent": true, "granularity": 65536} }
            """;
        if (since is not null)
        {
            actions += $$"""
                , {"type": "block-dirty-bitmap-add", "data": {"node": "{{name}}", "name": "{{bitmap}}", "disabled": true} },
                {"type": "block-dirty-bitmap-merge", "data": {"node": "{{name}}", "target": "{{bitmap}}", "bitmaps": [{"node": "disk", "name": "since-{{since}}"}]} },
                {"type": "block-dirty-bitmap-disable", "data": {"node": "disk", "name": "since-{{since}}"} }
                """;
        }

        Execute("transaction", $$"""{"actions": [{{actions}}]}""");
        string bitmaps = since is null ? "" : $$""", "bitmaps": ["{{bitmap}}"]""";
        Execute("block-export-add", $$"""{"type": "nbd", "id": "export-{{name}}", "node-name": "{{name}}", "name": "{{name}}", "writable": false{{bitmaps}}}""");
    }

    /// <summary>Ends a snapshot; the bitmap it began goes on.</summary>
    public void EndSnapshot(string name)
    {
        Execute("block-export-del", $$"""{"id": "export-{{name}}", "mode": "hard"}""");
        WaitUntilEmpty("query-block-exports", count: 1);
        Execute("block-job-cancel", $$"""{"device": "job-{{name}}"}""");
        WaitUntilEmpty("query-block-jobs", count: 0);
        Execute("blockdev-del", $$"""{"node-name": "{{name}}"}""");
    }

    /// <summary>Ends QEMU without any notice to whoever reads.</summary>
    public void Kill()
    {
        _daemon.Kill();
        _daemon.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _qmp.Dispose();
        _daemon.Dispose();
    }

    private void Execute(string command, string arguments) => _qmp.Execute(command, JsonNode.Parse(arguments)!.AsObject());

    private void WaitUntilEmpty(string query, int count)
    {
        for (int attempt = 0; _qmp.Execute(query).GetArrayLength() > count; attempt++)
        {
            Assert.True(attempt < 3000, $"{query} does not come down to {count}.");
            Thread.Sleep(10);
        }
    }
}
