using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Settings;

/// <summary>Who gets reports and alerts.</summary>
public sealed class MailingListTable : EditableTable<MailingList>
{
    private static readonly TableMap<MailingList> Rows = new("mailing_lists");
    private static readonly ListShape Listed = ListShape.ByName();

    internal MailingListTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<MailingList>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);
}
