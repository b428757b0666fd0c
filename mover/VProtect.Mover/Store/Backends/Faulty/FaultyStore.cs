using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Backends.Faulty;

/// <summary>
/// A store that goes wrong where a test says so, around a store that does not. Calls are numbered from 1, over all and by
/// kind, so that a test can fail the Nth call for every N. What chance decides comes from the seed.
/// </summary>
internal sealed class FaultyStore(IObjectStore inner, int seed) : IObjectStore
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<(StoreOperation? Operation, int Number), StoreFault> _faults = [];
    private readonly int[] _callsByOperation = new int[Enum.GetValues<StoreOperation>().Length];
    private readonly Dictionary<string, int> _createdAtCall = [];
    private int _calls;
    private int _powerLossAtCall;
    private bool _isDown;

    /// <inheritdoc/>
    public string Name => $"faulty {inner.Name}";

    /// <inheritdoc/>
    public StoreProperties Properties => inner.Properties with
    {
        ListIsConsistent = inner.Properties.ListIsConsistent && ListingLagCalls == 0,
    };

    /// <summary>Calls so far.</summary>
    internal int Calls => Volatile.Read(ref _calls);

    /// <summary>A listing leaves out what was created in this many calls before it.</summary>
    internal int ListingLagCalls { get; set; }

    /// <summary>Reads return at most this many bytes, as of an object cut off there.</summary>
    internal int ReadBytesMax { get; set; } = int.MaxValue;

    /// <summary>Awaited before each call: delays, barriers, observation.</summary>
    internal Func<StoreOperation, string, CancellationToken, ValueTask>? Before { get; set; }

    /// <summary>Fails the call of that number, counted over all kinds.</summary>
    internal void FailCall(int number, StoreFault fault) => _faults[(null, number)] = fault;

    /// <summary>Fails the call of that number, counted over this kind.</summary>
    internal void FailCall(StoreOperation operation, int number, StoreFault fault) => _faults[(operation, number)] = fault;

    /// <summary>
    /// The power fails in the call of that number: by chance it took effect or not; that call and all later ones fail.
    /// What was committed before is there when <see cref="Restart"/> has been called, and nothing else.
    /// </summary>
    internal void LosePowerAtCall(int number) => _powerLossAtCall = number;

    /// <summary>Power is back. Writers begun before stay dead.</summary>
    internal void Restart()
    {
        lock (_lock)
        {
            _isDown = false;
            _powerLossAtCall = 0;
            Boots++;
        }
    }

    private int Boots { get; set; }

    public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken) => CallAsync(
        StoreOperation.Create,
        key,
        async () => (IObjectWriter)new Writer(this, await inner.CreateAsync(key, cancellationToken), key),
        cancellationToken);

    public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        CallAsync(
            StoreOperation.Put,
            key,
            async () => NoteCreated(key, await inner.PutIfAbsentAsync(key, content, cancellationToken)),
            cancellationToken);

    public ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        CallAsync(
            StoreOperation.Read,
            key,
            () => inner.ReadAsync(key, offsetBytes, buffer[..Math.Min(buffer.Length, ReadBytesMax)], cancellationToken),
            cancellationToken);

    public ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken) =>
        CallAsync(StoreOperation.Size, key, () => inner.GetSizeAsync(key, cancellationToken), cancellationToken);

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int shownUntilCall = await CallAsync(
            StoreOperation.List, prefix, () => ValueTask.FromResult(Calls - 1 - ListingLagCalls), cancellationToken);
        await foreach (ObjectInfo info in inner.ListAsync(prefix, cancellationToken))
        {
            if (ListingLagCalls == 0 || IsCreatedBefore(info.Key, shownUntilCall))
            {
                yield return info;
            }
        }
    }

    public ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken) =>
        CallAsync(StoreOperation.Delete, key, () => inner.DeleteAsync(key, cancellationToken), cancellationToken);

    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) =>
        CallAsync(StoreOperation.Space, string.Empty, () => inner.GetSpaceAsync(cancellationToken), cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async ValueTask<T> CallAsync<T>(
        StoreOperation operation, string key, Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        if (Before is { } before)
        {
            await before(operation, key, cancellationToken);
        }

        StoreFault? fault = Count(operation);
        if (fault is null)
        {
            return await call();
        }

        if (fault.TakesEffect)
        {
            await call();
        }

        throw fault.ToException(operation, key);
    }

    private StoreFault? Count(StoreOperation operation)
    {
        lock (_lock)
        {
            int number = ++_calls;
            int numberOfKind = ++_callsByOperation[(int)operation];
            if (_isDown || number == _powerLossAtCall)
            {
                bool takesEffect = !_isDown && _random.Next(2) == 0;
                _isDown = true;
                return new StoreFault { Code = ErrorCode.StoreFailed, TakesEffect = takesEffect };
            }

            return _faults.GetValueOrDefault((null, number)) ?? _faults.GetValueOrDefault((operation, numberOfKind));
        }
    }

    private bool NoteCreated(string key, bool created)
    {
        if (created)
        {
            lock (_lock)
            {
                _createdAtCall[key] = _calls;
            }
        }

        return created;
    }

    private bool IsCreatedBefore(string key, int call)
    {
        lock (_lock)
        {
            return _createdAtCall.GetValueOrDefault(key) <= call;
        }
    }

    private sealed class Writer(FaultyStore store, IObjectWriter inner, string key) : IObjectWriter
    {
        private readonly int _boot = store.Boots;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            RequireSameBoot();
            await store.CallAsync(
                StoreOperation.Write,
                key,
                async () =>
                {
                    await inner.WriteAsync(bytes, cancellationToken);
                    return true;
                },
                cancellationToken);
        }

        public ValueTask<bool> CommitAsync(CancellationToken cancellationToken)
        {
            RequireSameBoot();
            return store.CallAsync(
                StoreOperation.Commit,
                key,
                async () => store.NoteCreated(key, await inner.CommitAsync(cancellationToken)),
                cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private void RequireSameBoot()
        {
            if (_boot != store.Boots)
            {
                throw new StoreFault { Code = ErrorCode.StoreFailed }.ToException(StoreOperation.Write, key);
            }
        }
    }
}
