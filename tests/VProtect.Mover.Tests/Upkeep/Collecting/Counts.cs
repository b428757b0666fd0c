namespace VProtect.Mover.Tests.Upkeep.Collecting;

/// <summary>Holds the counts of one ledger against those of another.</summary>
internal static class Counts
{
    /// <summary>Whether both count the same references of the same restore points; marks of aborted ones aside.</summary>
    public static bool AreEqual(MemoryReferenceLedger expected, MemoryReferenceLedger actual) =>
        expected.Counts.Count == actual.Counts.Count
        && expected.Counts.All(count => actual.CountOf(count.Key) == count.Value)
        && expected.Points.Keys.ToHashSet().SetEquals(actual.Points.Keys);
}
