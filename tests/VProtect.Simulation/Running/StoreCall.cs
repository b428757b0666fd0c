using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.Faulty;

namespace VProtect.Simulation.Running;

/// <summary>A call of the store that waits to be completed.</summary>
internal abstract class StoreCall(SimulatedProcess process, StoreOperation operation, string key)
{
    public SimulatedProcess Process => process;

    public StoreOperation Operation => operation;

    public string Key => key;

    public bool IsWrite => operation is StoreOperation.Put or StoreOperation.Write or StoreOperation.Commit or StoreOperation.Create;

    /// <summary>Takes effect and answers.</summary>
    public abstract void Complete();

    /// <summary>Fails, before or after it took effect.</summary>
    public abstract void Fail(ErrorCode code, bool takesEffect);

    /// <summary>Takes effect, and nobody is there to be answered.</summary>
    public abstract void TakeEffect();
}

internal sealed class StoreCall<T>(SimulatedProcess process, StoreOperation operation, string key, Func<T> effect)
    : StoreCall(process, operation, key)
{
    private readonly TaskCompletionSource<T> _answer = new();

    public Task<T> Answer => _answer.Task;

    public override void Complete() => _answer.SetResult(effect());

    public override void Fail(ErrorCode code, bool takesEffect)
    {
        if (takesEffect)
        {
            effect();
        }

        _answer.SetException(new StoreFault { Code = code, TakesEffect = takesEffect }.ToException(Operation, Key));
    }

    public override void TakeEffect() => effect();
}
