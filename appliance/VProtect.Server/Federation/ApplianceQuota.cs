using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Views;
using VProtect.Server.Api.Settings;

namespace VProtect.Server.Federation;

/// <summary>
/// How much an appliance may store here: else one that tells rows without end would fill everybody's catalog. Each row that is told counts as a new one until it is too much; then
/// it is counted what there is, once a minute at most. What is there stays, and rows that go are always heard and make room at once.
/// </summary>
internal sealed class ApplianceQuota(CatalogDatabase catalog, LiveSettings settings, TimeProvider time)
{
    /// <summary>Text of a row on the average; an appliance has some hundred bytes.</summary>
    public const long RowBytes = 2048;

    /// <summary>Counting millions of rows takes seconds.</summary>
    private static readonly TimeSpan CountPause = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, Use> _uses = new();

    /// <summary>Why an appliance is heard no further; null when it is.</summary>
    public string? ProblemOf(Guid appliance) => _uses.TryGetValue(appliance, out Use? use) && !Fits(use.WantedRows, use.WantedBytes) ? Problem() : null;

    /// <summary>It was removed, and all that it had here.</summary>
    public void Forget(Guid appliance) => _uses.TryRemove(appliance, out _);

    /// <summary>Takes a batch when there is room for it. Batches of one appliance are taken one by one.</summary>
    /// <param name="appliance">Whose.</param>
    /// <param name="batch">What it tells.</param>
    /// <param name="take">Takes it; whether it did, and whether all rows that there were before are gone with that.</param>
    /// <param name="cancellationToken">Gives up, until it is being taken.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.ApplianceFull"/>: there is no room.</exception>
    public async Task TakeAsync(Guid appliance, FeedBatch batch, Func<Task<(bool Taken, bool Began)>> take, CancellationToken cancellationToken)
    {
        Use use = _uses.GetOrAdd(appliance, _ => new Use());
        await use.Turn.WaitAsync(cancellationToken);
        try
        {
            (long rows, long bytes) = SizeOf(batch);
            if (rows > 0)
            {
                await RequireRoomAsync(use, appliance, batch, rows, bytes, cancellationToken);
            }

            FeedRow[] gone = Fits(use.WantedRows, use.WantedBytes) ? [] : [.. batch.Rows.Where(row => row.Columns is null)];
            (long goneRows, long goneBytes) = gone.Length == 0 ? default : await SizeAsync(appliance, gone, cancellationToken);
            (bool taken, bool began) = await take();
            if (began)
            {
                (use.Rows, use.Bytes, use.IsCounted) = (rows, bytes, true);
            }
            else if (taken)
            {
                (use.Rows, use.Bytes) = (use.Rows - goneRows, use.Bytes - goneBytes);
            }

            if (began || (taken && gone.Length > 0))
            {
                // Whether what it wants to tell has room now is found out when it does.
                (use.WantedRows, use.WantedBytes) = (use.Rows, use.Bytes);
            }
        }
        finally
        {
            use.Turn.Release();
        }
    }

    private async Task RequireRoomAsync(Use use, Guid appliance, FeedBatch batch, long rows, long bytes, CancellationToken cancellationToken)
    {
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        bool begins = batch.Number == 1 && (await session.Appliances.GetAsync(appliance, cancellationToken)).Feed != batch.Feed;
        if (!begins)
        {
            if (!use.IsCounted || (!Fits(use.Rows + rows, use.Bytes + bytes) && time.GetElapsedTime(use.CountedAt) >= CountPause))
            {
                (use.Rows, use.Bytes) = await session.Mirror.SizeAsync(appliance, cancellationToken);
                (use.CountedAt, use.IsCounted) = (time.GetTimestamp(), true);
            }

            // What it has told takes room even when it is not taken after all, until it is counted again.
            rows += use.Rows;
            bytes += use.Bytes;
        }

        (use.WantedRows, use.WantedBytes) = (rows, bytes);
        if (!Fits(rows, bytes))
        {
            throw new VProtectException(ErrorCode.ApplianceFull, ErrorSide.Request, Problem(), "Nothing is lost at the appliance, which tells the rest when there is room.", RetryAdvice.Later);
        }

        if (!begins)
        {
            (use.Rows, use.Bytes) = (rows, bytes);
        }
    }

    private async Task<(long Rows, long Bytes)> SizeAsync(Guid appliance, IReadOnlyList<FeedRow> rows, CancellationToken cancellationToken)
    {
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await session.Mirror.SizeAsync(appliance, rows, cancellationToken);
    }

    private bool Fits(long rows, long bytes) => rows <= settings.Current.ApplianceRowsMax && bytes <= settings.Current.ApplianceRowsMax * RowBytes;

    private string Problem() => string.Create(
        CultureInfo.InvariantCulture,
        $"The appliance has as much at its server as it may: {settings.Current.ApplianceRowsMax} rows, or {settings.Current.ApplianceRowsMax * RowBytes >> 20} MiB of them. What it told before is shown, and nothing newer. Raise applianceRowsMax in the settings of the server, or keep less at the appliance: tasks that ended (endedTaskRetention), restore points.");

    private static (long Rows, long Bytes) SizeOf(FeedBatch batch)
    {
        long rows = 0;
        long bytes = 0;
        foreach (IReadOnlyDictionary<string, JsonElement> columns in batch.Rows.Where(row => row.Columns is not null)
            .SelectMany(row => (row.Links?.Values.SelectMany(link => link) ?? []).Prepend(row.Columns!)))
        {
            rows++;
            bytes += columns.Sum(column => column.Value.ValueKind == JsonValueKind.String ? (long)Encoding.UTF8.GetByteCount(column.Value.GetString()!) : 0);
        }

        return (rows, bytes);
    }

    private sealed class Use
    {
        public SemaphoreSlim Turn { get; } = new(1);

        /// <summary>Whether the numbers are true, or more than is.</summary>
        public bool IsCounted { get; set; }

        public long Rows { get; set; }

        public long Bytes { get; set; }

        public long CountedAt { get; set; }

        /// <summary>What there would be with what it told last; too much when that was refused.</summary>
        public long WantedRows { get; set; }

        public long WantedBytes { get; set; }
    }
}
