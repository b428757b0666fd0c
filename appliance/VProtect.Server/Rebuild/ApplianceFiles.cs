using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Server.Hosting;

namespace VProtect.Server.Rebuild;

/// <summary>What is copied of this appliance: the catalog, the key of its secrets, its certificate. Logs are not, nor what the node keeps of repositories, which is learned again.</summary>
internal sealed class ApplianceFiles(CatalogDatabase catalog, DataDirectory data) : IApplianceFiles
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<ApplianceFile>> WriteAsync(string catalogPath, CancellationToken cancellationToken)
    {
        await catalog.BackupAsync(catalogPath, cancellationToken);
        var files = new List<ApplianceFile>();
        foreach (string path in (string[])[data.SecretKey, Path.Join(data.Tls, "server.crt"), Path.Join(data.Tls, "server.key")])
        {
            if (File.Exists(path))
            {
                files.Add(new ApplianceFile(Path.GetRelativePath(data.Path, path), await File.ReadAllBytesAsync(path, cancellationToken)));
            }
        }

        return files;
    }
}
