namespace VProtect.Catalog.Inventory;

/// <summary>How old the newest good backup of a machine may be and is.</summary>
/// <param name="Guid">Identity of the machine.</param>
/// <param name="Name">Its name.</param>
/// <param name="LastSuccessAt">When it was last backed up; null never.</param>
/// <param name="RpoDueAt">When it is overdue; null when nobody says.</param>
public sealed record MachineFreshness(Guid Guid, string Name, DateTimeOffset? LastSuccessAt, DateTimeOffset? RpoDueAt);
