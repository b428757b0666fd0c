using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Mounts;

/// <summary>File systems of mounts.</summary>
public sealed class MountedFileSystemTable : EditableTable<MountedFileSystem>
{
    private static readonly TableMap<MountedFileSystem> Rows = new("mounted_file_systems");
    private static readonly ListShape Listed = ListShape.By("size_bytes");

    internal MountedFileSystemTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="mount">Their mount; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<MountedFileSystem>> ListAsync(Guid? mount, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("mount_guid", mount);
        return PageAsync(filter, query, cancellationToken);
    }
}
