using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>What both kinds of restore share: images served for writing, ended in order before the machine may use them.</summary>
internal abstract class Restore(KvmPlatform platform, RestoreOpening opening) : IRestoreAccess
{
    private static readonly string[] ForWriting = ["--discard=unmap", "--cache=writeback"];

    private readonly List<ImageServer> _servers = [];
    private readonly List<RestoreAccessDisk> _disks = [];
    private bool _isDisposed;

    public IReadOnlyList<RestoreAccessDisk> Disks => _disks;

    public IReadOnlyList<string> Warnings => WarningList.Items;

    protected KvmPlatform Platform { get; } = platform;

    protected RestoreOpening Opening { get; } = opening;

    protected string Mark { get; } = TaskMark.Of(opening.TaskGuid);

    protected WarningList WarningList { get; } = new();

    /// <summary>Whether the machine is usable: then nothing is undone.</summary>
    protected bool IsComplete { get; set; }

    internal static async Task<IRestoreAccess> OpenAsync(KvmPlatform platform, RestoreOpening opening, CancellationToken cancellationToken)
    {
        Restore restore = opening.OverwriteMachineUuid is { } uuid ? new OverwritingRestore(platform, opening, uuid) : new NewMachineRestore(platform, opening);
        try
        {
            await restore.OpenAsync(cancellationToken);
            return restore;
        }
        catch
        {
            await restore.DisposeAsync();
            throw;
        }
    }

    public async Task<string> CompleteAsync(bool powerOn, CancellationToken cancellationToken)
    {
        foreach (ImageServer server in _servers)
        {
            await server.StopAsync(cancellationToken);
        }

        await StopServingAsync();
        string uuid = await FinishAsync(cancellationToken);
        IsComplete = true;
        if (powerOn)
        {
            await Platform.Session.ChangeAsync("The machine is restored; starting it", api =>
            {
                using DomainHandle domain = api.LookupDomain(uuid);
                LibvirtApi.Start(domain);
            }, cancellationToken);
        }

        return uuid;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await StopServingAsync();
        if (!IsComplete)
        {
            try
            {
                await UndoAsync();
            }
            catch (VProtectException exception)
            {
                WarningList.Add($"What was made for the restore could not be removed: {exception.Message}");
            }
        }
    }

    protected abstract Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>All images are written and closed: makes the machine of them.</summary>
    /// <returns>Its uuid.</returns>
    protected abstract Task<string> FinishAsync(CancellationToken cancellationToken);

    /// <summary>Removes what was made.</summary>
    protected abstract Task UndoAsync();

    protected async Task ServeAsync(RestoreDisk disk, string path, string format, bool isExisting, CancellationToken cancellationToken)
    {
        string socket = $"{Platform.Options.SocketDirectory}/{Mark}-{disk.Id}.nbd";
        Add(disk, await ImageServer.StartAsync(Platform.Host, socket, path, format, ForWriting, cancellationToken), isExisting);
    }

    /// <summary>An image in a Ceph cluster, which is there already.</summary>
    protected async Task ServeAsync(RestoreDisk disk, RbdTool tool, CancellationToken cancellationToken)
    {
        string socket = $"{Platform.Options.SocketDirectory}/{Mark}-{disk.Id}.nbd";
        Add(disk, await ImageServer.StartAsync(Platform.Host, socket, tool, snapshot: null, ForWriting, cancellationToken), isExisting: true);
    }

    private void Add(RestoreDisk disk, ImageServer server, bool isExisting)
    {
        _servers.Add(server);
        _disks.Add(new RestoreAccessDisk(disk.Id, isExisting, new DiskEndpoint.Nbd(server.Address)));
    }

    private async Task StopServingAsync()
    {
        foreach (ImageServer server in _servers)
        {
            await server.DisposeAsync();
        }

        _servers.Clear();
    }
}
