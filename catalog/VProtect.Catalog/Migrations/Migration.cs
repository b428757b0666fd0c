namespace VProtect.Catalog.Migrations;

/// <summary>A step of the schema.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Name">What it does.</param>
/// <param name="Sql">Statements, with the dialect's words in braces.</param>
internal sealed record Migration(int Number, string Name, string Sql);
