using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Hosting;

namespace VProtect.Server.Rebuild;

/// <summary>What is copied of this appliance: the catalog, the key of its secrets, the head of its audit log, its certificate. Logs are not, nor what the node keeps of repositories, which is learned again.</summary>
internal sealed class ApplianceFiles(CatalogDatabase catalog, DataDirectory data, KeyRotation rotation) : IApplianceFiles
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<ApplianceFile>> WriteAsync(string catalogPath, CancellationToken cancellationToken)
    {
        using IDisposable pause = await rotation.PauseAsync(cancellationToken);
        var files = new List<ApplianceFile>();

        // All before the catalog is: it has then at least the audit entry that the head names. A key that a change has not ended with belongs to it as well.
        foreach (string path in (string[])[data.SecretKey, data.NextSecretKey, data.AuditHead, Path.Join(data.Tls, "server.crt"), Path.Join(data.Tls, "server.key")])
        {
            if (File.Exists(path))
            {
                files.Add(new ApplianceFile(Path.GetRelativePath(data.Path, path), await File.ReadAllBytesAsync(path, cancellationToken)));
            }
        }

        await catalog.BackupAsync(catalogPath, cancellationToken);
        return files;
    }
}
