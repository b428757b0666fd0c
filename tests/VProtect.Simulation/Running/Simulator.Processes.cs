using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Simulation.Running;

/// <summary>Who begins, who has ended and how, and the moments of rest.</summary>
internal sealed partial class Simulator
{
    private void StartAnything(Node node)
    {
        int what = _random.Next(100);
        bool rotates = Options.Secret is not null && what >= 99;
        Start(node, rotates ? "rotation" : what < 45 ? "backup" : what < 70 ? "collection" : what < 86 ? "forget" : what < 97 ? "restore" : "verification", knowsAll: false);
    }

    private SimulatedProcess Start(Node node, string job, bool knowsAll)
    {
        var process = new SimulatedProcess(++_processes, node, job) { Run = Task.FromResult(true) };
        node.Process = process;
        Func<Repository, ChunkStore, Task<bool>> body = job switch
        {
            "backup" => _jobs.BackUp(process),
            "collection" => Jobs.Collect(node, breaksLeases: !_isCalm && _random.Next(30) == 0),
            "forget" => _jobs.Forget(),
            "restore" => _jobs.Restore(),
            "verification" => _jobs.Verify(mustBeSound: _isCalm),
            _ => _jobs.Rotate(),
        };
        process.Run = _thread.Start(async () =>
        {
            await using Repository repository = await Repository.OpenAsync(
                new SimulatedStore(this, process), Options.Secret, TimeProvider.System, CancellationToken.None);
            repository.Process = process.IdentityFor(_gone.Contains, knowsAll);
            using var chunks = new ChunkStore(repository, node.Index);
            return await body(repository, chunks);
        });
        Count($"{job}s begun", 1);
        return process;
    }

    private void NoteEnded()
    {
        foreach (Node node in _nodes)
        {
            if (node.Process is not { } process || !process.Run.IsCompleted)
            {
                continue;
            }

            End(process);
            switch (process.Run.Exception?.InnerException)
            {
                case null:
                    Count($"{process.Job}s done", 1);
                    break;
                case IntegrityException e when e.Code == ErrorCode.ObjectMissing && !_isCalm:
                    // A listing that lags, or a restore point that was removed meanwhile: tried again later.
                    Count($"{process.Job}s that found something missing", 1);
                    break;
                case VProtectException e when e is not IntegrityException && !_isCalm:
                    Count($"{process.Job}s failed with {e.Code}", 1);
                    break;
                case { } e:
                    Oracle.Note($"a {process.Job} fails at step {Steps}: {e}");
                    break;
            }
        }
    }

    /// <summary>Without faults, lag and death: all end, collections run until there is nothing to collect, and all is compared.</summary>
    private void ComeToRest()
    {
        while (_nodes.Any(node => node.Process is not null) && Oracle.Violation is null)
        {
            Step();
        }

        _isCalm = true;
        // On every machine, since each knows only by its own ledger what it has looked at.
        foreach (Node node in _nodes)
        {
            for (int i = 0; i < 3 && Oracle.Violation is null; i++)
            {
                RunAlone(node, "collection");
            }
        }

        // What a ledger's note of a pack has come to leave out is found when its turn comes (PackSurvey looks at a few more packs each time).
        for (int i = 0; i < TurnsMax && Oracle.Violation is null && Oracle.Garbage().Any(); i++)
        {
            RunAlone(_nodes[0], "collection");
            Count("collections for what had to wait its turn", 1);
        }

        if (Oracle.Violation is null && Options.Lie == StoreLie.None)
        {
            foreach (string key in Oracle.Garbage().Take(1))
            {
                Oracle.Note($"{key} ({Oracle.Describe(key)}) is still there after the last collection, and nothing in it is needed");
            }
        }

        if (Oracle.Violation is null)
        {
            RunAlone(_nodes[_random.Next(_nodes.Length)], "verification");
            Oracle.CompareAllAsync().GetAwaiter().GetResult();
            Count("moments of rest", 1);
            Count("restore points compared", Oracle.PointCount);
        }

        _isCalm = false;
    }

    private void RunAlone(Node node, string job)
    {
        SimulatedProcess process = Start(node, job, knowsAll: true);
        while (!process.IsGone && Oracle.Violation is null)
        {
            Step();
        }
    }
}
