using System.Reflection;
using Xunit.Sdk;

namespace VProtect.Catalog.Tests;

/// <summary>Runs a theory on SQLite and on PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BothDatabasesAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[CatalogProvider.Sqlite], [CatalogProvider.PostgreSql]];
}
