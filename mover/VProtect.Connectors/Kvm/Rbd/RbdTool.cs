using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using VProtect.Abstractions;
using VProtect.Connectors.Kvm.Hosts;

namespace VProtect.Connectors.Kvm.Rbd;

/// <summary>
/// The <c>rbd</c> command on the host, for one image. The user's key comes from libvirt, which keeps it for QEMU;
/// where libvirt does not give it out, the host's own keyring is used.
/// </summary>
internal sealed class RbdTool
{
    /// <summary>The key comes by standard input and goes by the environment, which nobody else may read; arguments everybody may.</summary>
    private const string WithKey = "CEPH_ARGS=\"--key=$(cat)\" exec rbd \"$@\"";

    private readonly KvmHost _host;
    private readonly byte[]? _key;

    private RbdTool(KvmHost host, RbdImage image, byte[]? key) => (_host, Image, _key) = (host, image, key);

    internal RbdImage Image { get; }

    internal static async Task<RbdTool> OpenAsync(KvmPlatform platform, RbdImage image, CancellationToken cancellationToken)
    {
        byte[]? key = image.Secret is { } secret
            ? await platform.Session.ReadAsync("Reading the secret of a Ceph user", api => api.TryGetCephKey(secret.Uuid, secret.Usage), cancellationToken)
            : null;
        return new RbdTool(platform.Host, image, key);
    }

    internal async Task<RbdInfo> ReadInfoAsync(CancellationToken cancellationToken) =>
        await ReadAsync(["info", .. Named()], RbdJson.Default.RbdInfo, cancellationToken);

    internal async Task<IReadOnlyList<RbdSnapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        await ReadAsync(["snap", "ls", .. Named()], RbdJson.Default.ListRbdSnapshot, cancellationToken);

    internal Task CreateSnapshotAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(["snap", "create", "--no-progress", .. Named(name)], cancellationToken);

    internal Task RemoveSnapshotAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(["snap", "rm", "--no-progress", .. Named(name)], cancellationToken);

    internal Task ResizeAsync(long sizeBytes, CancellationToken cancellationToken) =>
        RunAsync(["resize", "--no-progress", "--allow-shrink", "--size", $"{sizeBytes}B", .. Named()], cancellationToken);

    /// <summary>What differs between two snapshots, discarded ranges too; ordered, neighbours joined.</summary>
    internal async Task<IReadOnlyList<Extent>> DiffAsync(string from, string to, CancellationToken cancellationToken)
    {
        var extents = new List<Extent>();
        foreach (RbdRange range in (await ReadAsync(["diff", "--from-snap", from, .. Named(to)], RbdJson.Default.ListRbdRange, cancellationToken)).OrderBy(range => range.OffsetBytes))
        {
            long end = range.OffsetBytes + range.LengthBytes;
            if (extents.Count > 0 && extents[^1].EndBytes >= range.OffsetBytes)
            {
                extents[^1] = extents[^1] with { LengthBytes = Math.Max(extents[^1].EndBytes, end) - extents[^1].OffsetBytes };
            }
            else if (range.LengthBytes > 0)
            {
                extents.Add(new Extent(range.OffsetBytes, range.LengthBytes, ExtentKind.Data));
            }
        }

        return extents;
    }

    /// <summary>Puts the user's key where a <c>qemu-nbd</c> on the host finds it; the caller removes the file.</summary>
    /// <returns>False when there is none: then the host's own configuration must do.</returns>
    internal async Task<bool> TryWriteKeyAsync(string path, CancellationToken cancellationToken)
    {
        if (_key is null)
        {
            return false;
        }

        await _host.MustRunAsync(
            "Giving the key of the Ceph user to qemu-nbd", ["sh", "-c", "umask 077; cat >\"$1\"", "sh", path], cancellationToken, Encoding.ASCII.GetBytes(Convert.ToBase64String(_key)));
        return true;
    }

    private List<string> Named(string? snapshot = null)
    {
        List<string> arguments = [$"--pool={Image.Pool}", $"--image={Image.Image}"];
        if (Image.Namespace.Length > 0)
        {
            arguments.Add($"--namespace={Image.Namespace}");
        }

        if (snapshot is not null)
        {
            arguments.Add($"--snap={snapshot}");
        }

        return arguments;
    }

    private async Task<T> ReadAsync<T>(List<string> arguments, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        string text = await RunAsync([.. arguments, "--format=json"], cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw Errors.Of(ErrorCode.PlatformFailed, $"'rbd {arguments[0]}' of {Image.Name} answered what is not understood: {exception.Message}", "Report this with the version of Ceph.", inner: exception);
        }
    }

    private async Task<string> RunAsync(List<string> arguments, CancellationToken cancellationToken)
    {
        List<string> command = _key is null ? ["rbd"] : ["sh", "-c", WithKey, "sh"];
        if (Image.ConfigPath is { } config)
        {
            command.Add($"--conf={config}");
        }

        if (Image.Monitors.Count > 0)
        {
            command.Add($"--mon_host={string.Join(',', Image.Monitors)}");
        }

        if (Image.User is { } user)
        {
            command.Add($"--id={user}");
        }

        CommandResult result = await _host.RunAsync([.. command, .. arguments], cancellationToken, _key is null ? null : Encoding.ASCII.GetBytes(Convert.ToBase64String(_key)));
        return result.ExitCode == 0
            ? result.Text
            : throw Errors.Of(
                ErrorCode.PlatformFailed,
                $"'rbd {arguments[0]}' of {Image.Name} failed: {LastLine(result.Error)}",
                "The host needs the Debian package ceph-common, and the Ceph user the profiles rbd for the monitors and the pool.",
                RetryAdvice.Later);
    }

    private static string LastLine(string text) => text.TrimEnd().Split('\n')[^1].Trim();
}
