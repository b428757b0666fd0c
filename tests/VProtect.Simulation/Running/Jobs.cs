using VProtect.Mover;
using VProtect.Mover.Store;
using VProtect.Mover.Upkeep;
using VProtect.Testing;

namespace VProtect.Simulation.Running;

/// <summary>What simulated processes do: the product's own pipelines, on a repository that each opens for itself.</summary>
internal sealed class Jobs(Simulator simulator, Random random)
{
    private readonly int[][] _machines = [.. Enumerable.Range(0, 3).Select(_ => new int[24])];

    /// <summary>Backs up a machine after something in it has changed. True when it says that it succeeded.</summary>
    public Func<Repository, ChunkStore, Task<bool>> BackUp(SimulatedProcess process)
    {
        int machine = random.Next(_machines.Length);
        int[] blocks = _machines[machine];
        for (int change = random.Next(8); change >= 0; change--)
        {
            blocks[random.Next(blocks.Length)] = random.Next(Blocks.Count);
        }

        process.Blocks = [.. blocks];
        byte[] content = Blocks.ContentOf(blocks);
        return async (_, chunks) =>
        {
            await using var disk = new MemoryDisk(content);
            var options = new BackupOptions { Workers = 1, BufferBytes = 8 << 20 };
            RestorePoint point = await new BackupPipeline(chunks, options, new BackupCounters(), TimeProvider.System).RunAsync(
                new BackupRequest { Machine = $"vm{machine}", Disks = [new BackupDisk("disk0", disk)] }, CancellationToken.None);
            if (!simulator.Oracle.IsLive(point.Id))
            {
                simulator.Oracle.Note($"the backup of {point.Id} says that it succeeded, and there is no such restore point");
            }

            return true;
        };
    }

    public static Func<Repository, ChunkStore, Task<bool>> Collect(Node node, bool breaksLeases) => async (_, chunks) =>
    {
        node.Ledger.Reopen();
        await new GarbageCollector(chunks, node.Ledger, new CollectOptions { BreakLeases = breaksLeases }).RunAsync(progress: null, CancellationToken.None);
        return true;
    };

    /// <summary>Forgets a restore point; the oldest ones rather.</summary>
    public Func<Repository, ChunkStore, Task<bool>> Forget()
    {
        double which = random.NextDouble() * random.NextDouble();
        return async (repository, _) =>
        {
            IReadOnlyList<RestorePoint> points = await repository.ListPointsAsync(CancellationToken.None);
            if (points.Count > 6)
            {
                await repository.ForgetAsync(points[(int)(which * points.Count)], CancellationToken.None);
            }

            return true;
        };
    }

    /// <summary>Restores a restore point and compares.</summary>
    public Func<Repository, ChunkStore, Task<bool>> Restore()
    {
        double which = random.NextDouble();
        return async (repository, chunks) =>
        {
            IReadOnlyList<RestorePoint> points = await repository.ListPointsAsync(CancellationToken.None);
            if (points.Count == 0)
            {
                return true;
            }

            RestorePoint point = points[(int)(which * points.Count)];
            if (!simulator.Oracle.IsLive(point.Id))
            {
                return true;
            }

            byte[] expected = Blocks.ContentOf(simulator.Oracle.BlocksOf(point.Id));
            await using var target = new MemoryDisk(new byte[expected.Length]);
            await new RestorePipeline(chunks, new RestoreOptions { Workers = 1 }, new RestoreCounters())
                .RunAsync(point.Disks[0], target, differential: false, CancellationToken.None);
            if (!target.Content.AsSpan().SequenceEqual(expected))
            {
                simulator.Oracle.Note($"restore point {point.Id} was restored with other bytes than were backed up");
            }

            return true;
        };
    }

    public Func<Repository, ChunkStore, Task<bool>> Verify(bool mustBeSound) => async (_, chunks) =>
    {
        VerifyResult result = await new VerifyPipeline(chunks, new VerifyOptions { Workers = 1, RetryDelay = TimeSpan.Zero }, new RestoreCounters()).RunAsync(CancellationToken.None);
        if (result.DamagedChunks.Count > 0 || (mustBeSound && !result.IsSound))
        {
            simulator.Oracle.Note($"verification finds damage: {string.Join("; ", result.Faults.Take(3))} {result.Affected.Count} {result.DamagedChunks.Count}");
        }

        return true;
    };

    public Func<Repository, ChunkStore, Task<bool>> Rotate() => async (repository, _) =>
    {
        await repository.RotateDataKeyAsync(simulator.Options.Secret, CancellationToken.None);
        return true;
    };
}
