namespace VProtect.Catalog;

/// <summary>A row that refers to another one, which must therefore stay.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
public sealed record CatalogUse(string Table, Guid Guid, string Name);
