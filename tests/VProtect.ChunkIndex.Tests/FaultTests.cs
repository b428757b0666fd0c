using VProtect.Abstractions;
using static VProtect.ChunkIndex.Tests.TestIndex;

namespace VProtect.ChunkIndex.Tests;

public sealed class FaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Goal: whichever write or flush fails, first or last, what is said of the disk is true: nobody hangs, nothing that is not durable is
    /// called a checkpoint, and the next opening finds a whole one or none.
    /// Method: the same work with the Nth write refused, for every N until none is refused any more.
    /// </summary>
    [Fact]
    public async Task Failure_of_any_single_write_is_told_and_loses_no_checkpoint()
    {
        for (int failing = 0; ; failing++)
        {
            using var test = new TestIndex();
            var disk = new FaultyDisk(failing);
            int recorded = 0;
            bool hasFailed = false;
            try
            {
                await Task.Run(Work).WaitAsync(Patience);
            }
            catch (VProtectException exception)
            {
                Assert.Equal(ErrorCode.IndexFailed, exception.Code);
                Assert.Equal(ErrorSide.Catalog, exception.Side);
                hasFailed = true;
            }

            Assert.Equal(disk.HasFailed, hasFailed);
            await using FasterChunkIndex again = test.Open();

            // A checkpoint may be durable although a failure just after it was told.
            Assert.True(again.Packs.Count >= recorded);
            Assert.True(recorded == 0 || again.StartedEmptyBecause is null, again.StartedEmptyBecause);
            using IChunkIndexSession session = again.OpenSession();
            foreach (PackId pack in again.Packs)
            {
                int n = (int)(ulong)pack.Value - 1;
                Assert.True(session.TryFind(Id(n * 1000), out ChunkLocation location));
                Assert.Equal(Location(n, n * 1000), location);
            }

            if (!hasFailed)
            {
                Assert.True(failing > 10);
                return;
            }

            async Task Work()
            {
                await using FasterChunkIndex index = test.Open(openFile: disk.Open);
                try
                {
                    for (int pack = 0; pack < 100; pack++)
                    {
                        index.AddPack(Pack(pack), Entries(pack, pack * 1000, 1000));
                        if (pack is 30 or 31)
                        {
                            await index.CheckpointAsync(CancellationToken.None);
                            recorded = pack + 1;
                        }
                    }

                    // A write of a rewriting may be refused without harm; what is written after it then fails for all to see.
                    await index.WhenRewritten();
                    index.Quarantine(Id(5), Pack(0));
                    index.RemovePack(Pack(99));
                    await index.CheckpointAsync(CancellationToken.None);
                    recorded = 99;
                }
                catch (VProtectException)
                {
                    // From then on it knows nothing and takes nothing.
                    using IChunkIndexSession session = index.OpenSession();
                    Assert.False(session.TryFind(Id(0), out _));
                    Assert.Equal(0, session.FindMany([Id(0)], new ChunkLocation[1], new bool[1]));
                    Assert.Throws<VProtectException>(() => index.AddPack(Pack(500), Entries(500, 0, 10)));
                    await Assert.ThrowsAsync<VProtectException>(async () => await index.CheckpointAsync(CancellationToken.None));
                    throw;
                }
            }
        }
    }

    [Fact]
    public async Task Disk_that_fails_to_read_makes_chunks_unknown_and_the_index_failed()
    {
        using var test = new TestIndex();
        var disk = new FaultyDisk(int.MaxValue);
        await using FasterChunkIndex index = test.Open(openFile: disk.Open);
        index.AddPack(Pack(0), Entries(0, 0, 200_000));
        using IChunkIndexSession session = index.OpenSession();
        disk.FailReads = true;
        await Task.Run(() =>
        {
            Assert.False(session.TryFind(Id(1), out _));
            Assert.Throws<VProtectException>(() => index.AddPack(Pack(1), Entries(1, 0, 10)));
        }).WaitAsync(Patience);
    }

    private sealed class FaultyDisk(int failingWrite)
    {
        private int _writes;

        public bool HasFailed => Volatile.Read(ref _writes) > failingWrite;

        public bool FailReads { get; set; }

        public IndexFile Open(string path) => new FaultyFile(path, this);

        private void CountWrite()
        {
            // Full once, full until somebody makes room.
            if (Interlocked.Increment(ref _writes) > failingWrite)
            {
                throw new IOException("No space left on device");
            }
        }

        private sealed class FaultyFile(string path, FaultyDisk disk) : IndexFile(path)
        {
            public override void Write(ReadOnlySpan<byte> source, long offset)
            {
                disk.CountWrite();
                base.Write(source, offset);
            }

            public override void Flush()
            {
                disk.CountWrite();
                base.Flush();
            }

            public override bool TryReadCached(Span<byte> target, long offset) => !disk.FailReads && base.TryReadCached(target, offset);

            public override void Read(Span<byte> target, long offset)
            {
                if (disk.FailReads)
                {
                    throw new IOException("Input/output error");
                }

                base.Read(target, offset);
            }
        }
    }
}
