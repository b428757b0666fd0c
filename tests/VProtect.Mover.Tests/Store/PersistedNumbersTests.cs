using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Tests.Store;

/// <summary>Numbers and names that lie in repositories, scripts and logs: they only grow. A failure here means a released one was changed.</summary>
public sealed class PersistedNumbersTests
{
    [Fact]
    public void Numbers_of_the_format_stay()
    {
        Assert.Equal(
            "1 Repository, 2 KeySlot, 3 KeyRing, 4 RestorePoint, 5 AbortedPoint, 6 Forgotten, 7 Hold, 8 Lease, 9 Collection, 10 BadChunks, 11 EndedLease, 12 Removal",
            Numbers<EnvelopeKind>());
        Assert.Equal("1 Data, 2 Nodes", Numbers<PackKind>());
        Assert.Equal("0 Clear, 1 AesGcm", Numbers<Sealing>());
        Assert.Equal("0 None, 1 Zstd", Numbers<ChunkCodec>());

        // Persisted by name, in lower case.
        Assert.Equal("0 Full, 1 Delta, 2 Compare", Numbers<BackupMode>());
    }

    [Fact]
    public void Numbers_of_errors_stay()
    {
        string[] expected =
        [
            "0 Unknown", "2001 InvalidArgument", "2010 SourceUnavailable", "2011 SourceReadFailed", "2020 TargetUnavailable",
            "2021 TargetWriteFailed", "2100 RepositoryNotFound", "2101 RepositoryExists", "2102 RepositoryTooNew", "2103 RepositoryInvalid",
            "2104 WrongKey", "2105 KeyRequired", "2110 RestorePointNotFound", "2111 RestorePointHeld", "2120 LeaseBroken", "2200 StoreFull",
            "2201 StoreDenied", "2202 StoreFailed", "2300 ObjectMissing", "2301 DataCorrupt", "4100 IndexFailed",
        ];

        // New codes may come; these stay what they are.
        Assert.Empty(expected.Except(Numbers<ErrorCode>().Split(", ")));
    }

    private static string Numbers<T>()
        where T : struct, Enum =>
        string.Join(", ", Enum.GetValues<T>().Select(value => $"{Convert.ToInt64(value, null)} {value}"));
}
