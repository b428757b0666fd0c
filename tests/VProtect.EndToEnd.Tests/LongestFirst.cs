using VProtect.EndToEnd.Tests.Appliance;
using VProtect.EndToEnd.Tests.Kvm;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("VProtect.EndToEnd.Tests.LongestFirst", "VProtect.EndToEnd.Tests")]

namespace VProtect.EndToEnd.Tests;

/// <summary>Two collections run at a time: those that take longest begin first, so that none is left alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] _longest = [KvmTests.Name, typeof(UiTests).FullName!];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.FindIndex(_longest, name => collection.DisplayName.Contains(name, StringComparison.Ordinal)) is >= 0 and int place ? place : _longest.Length);
}
