using FASTER.core;

namespace VProtect.ChunkIndex;

/// <summary>
/// What FASTER does with a record. Records are immutable: an insertion is a read-modify-write that creates the
/// record when its key is free, leaves it when a valid place of a known pack is there, and appends a new version when what is
/// there is stale. Nothing is ever updated in place, so a reader never sees half a value and needs no lock.
/// </summary>
internal readonly struct RecordFunctions(PackTable packs, uint salt)
    : IFunctions<IndexKey, IndexValue, IndexValue, IndexValue, int>
{
    public bool SingleReader(
        ref IndexKey key, ref IndexValue input, ref IndexValue value, ref IndexValue output, ref ReadInfo readInfo)
    {
        output = value;
        return true;
    }

    public bool ConcurrentReader(
        ref IndexKey key, ref IndexValue input, ref IndexValue value, ref IndexValue output, ref ReadInfo readInfo)
    {
        output = value;
        return true;
    }

    public bool NeedInitialUpdate(ref IndexKey key, ref IndexValue input, ref IndexValue output, ref RMWInfo rmwInfo) => true;

    public bool InitialUpdater(
        ref IndexKey key, ref IndexValue input, ref IndexValue value, ref IndexValue output, ref RMWInfo rmwInfo)
    {
        value = input;
        output = input;
        return true;
    }

    /// <summary>True leaves the record as it is; false has FASTER append a new version.</summary>
    public bool InPlaceUpdater(
        ref IndexKey key, ref IndexValue input, ref IndexValue value, ref IndexValue output, ref RMWInfo rmwInfo)
    {
        output = value;
        return !IsStale(key, input, value);
    }

    public bool NeedCopyUpdate(
        ref IndexKey key, ref IndexValue input, ref IndexValue oldValue, ref IndexValue output, ref RMWInfo rmwInfo)
    {
        output = oldValue;
        return IsStale(key, input, oldValue);
    }

    public bool CopyUpdater(
        ref IndexKey key,
        ref IndexValue input,
        ref IndexValue oldValue,
        ref IndexValue newValue,
        ref IndexValue output,
        ref RMWInfo rmwInfo)
    {
        newValue = input;
        output = input;
        return true;
    }

    // The input carries the flags that a record under this key must have.
    private bool IsStale(in IndexKey key, in IndexValue input, in IndexValue value) =>
        value.Flags != input.Flags || value.Crc != value.ComputeCrc(key, salt) || !packs.IsKnown(value.PackNumber);

    public bool SingleWriter(
        ref IndexKey key,
        ref IndexValue input,
        ref IndexValue source,
        ref IndexValue target,
        ref IndexValue output,
        ref UpsertInfo upsertInfo,
        WriteReason reason)
    {
        target = source;
        return true;
    }

    public bool ConcurrentWriter(
        ref IndexKey key,
        ref IndexValue input,
        ref IndexValue source,
        ref IndexValue target,
        ref IndexValue output,
        ref UpsertInfo upsertInfo) => false;

    public bool SingleDeleter(ref IndexKey key, ref IndexValue value, ref DeleteInfo deleteInfo) => true;

    public bool ConcurrentDeleter(ref IndexKey key, ref IndexValue value, ref DeleteInfo deleteInfo) => false;

    public void PostSingleWriter(
        ref IndexKey key,
        ref IndexValue input,
        ref IndexValue source,
        ref IndexValue target,
        ref IndexValue output,
        ref UpsertInfo upsertInfo,
        WriteReason reason)
    {
    }

    public void PostInitialUpdater(
        ref IndexKey key, ref IndexValue input, ref IndexValue value, ref IndexValue output, ref RMWInfo rmwInfo)
    {
    }

    public void PostCopyUpdater(
        ref IndexKey key,
        ref IndexValue input,
        ref IndexValue oldValue,
        ref IndexValue newValue,
        ref IndexValue output,
        ref RMWInfo rmwInfo)
    {
    }

    public void PostSingleDeleter(ref IndexKey key, ref DeleteInfo deleteInfo)
    {
    }

    public void ReadCompletionCallback(
        ref IndexKey key, ref IndexValue input, ref IndexValue output, int context, Status status, RecordMetadata metadata)
    {
    }

    public void RMWCompletionCallback(
        ref IndexKey key, ref IndexValue input, ref IndexValue output, int context, Status status, RecordMetadata metadata)
    {
    }

    public void DisposeSingleWriter(
        ref IndexKey key,
        ref IndexValue input,
        ref IndexValue source,
        ref IndexValue target,
        ref IndexValue output,
        ref UpsertInfo upsertInfo,
        WriteReason reason)
    {
    }

    public void DisposeCopyUpdater(
        ref IndexKey key,
        ref IndexValue input,
        ref IndexValue oldValue,
        ref IndexValue newValue,
        ref IndexValue output,
        ref RMWInfo rmwInfo)
    {
    }

    public void DisposeInitialUpdater(
        ref IndexKey key, ref IndexValue input, ref IndexValue value, ref IndexValue output, ref RMWInfo rmwInfo)
    {
    }

    public void DisposeSingleDeleter(ref IndexKey key, ref IndexValue value, ref DeleteInfo deleteInfo)
    {
    }

    public void DisposeDeserializedFromDisk(ref IndexKey key, ref IndexValue value)
    {
    }

    public void CheckpointCompletionCallback(int sessionId, string sessionName, CommitPoint commitPoint)
    {
    }
}
