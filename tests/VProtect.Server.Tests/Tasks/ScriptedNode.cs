using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Channel;

namespace VProtect.Server.Tests.Tasks;

/// <summary>A node that does what the test says, through the same channel as a real one.</summary>
/// <param name="services">The server's.</param>
/// <param name="guid">Another node than the server's own.</param>
public sealed class ScriptedNode(IServiceProvider services, Guid? guid = null)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Long enough to be given what there is; a slow machine can only make a test pass that should not.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    public INodeChannel Channel { get; } = guid is { } other ? services.GetRequiredService<TaskChannel>().For(other) : services.GetRequiredService<INodeChannel>();

    public string Guid { get; } = (guid ?? services.GetRequiredService<LocalNode>().Guid).ToString("D");

    /// <summary>Orders that it lists as running.</summary>
    public List<string> Running { get; } = [];

    /// <summary>Platforms that it says to have all for.</summary>
    public IReadOnlyList<string> Platforms { get; set; } = ["FAKE"];

    public async Task<TaskOrder> LeaseAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await Channel.LeaseAsync(Status(slots: 4), patience.Token) is { } order)
            {
                Running.Add(order.TaskGuid);
                return order;
            }
        }
    }

    /// <summary>The order for a task; what comes before it is done, or fails when it has to have a result.</summary>
    public async Task<TaskOrder> TakeAsync(string task)
    {
        while (true)
        {
            TaskOrder order = await LeaseAsync();
            if (order.TaskGuid == task)
            {
                return order;
            }

            await (order.Work is ForgetWork or CleanUpWork or RemoveSnapshotsWork ? SucceedAsync(order, result: null) : FailAsync(order, retry: RetryAdvice.Never));
        }
    }

    public async Task<TaskOrder?> TryLeaseAsync(int slots = 4)
    {
        using var moment = new CancellationTokenSource(Moment);
        try
        {
            return await Channel.LeaseAsync(Status(slots), moment.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Takes an order and does it.</summary>
    public async Task<TaskOrder> DoAsync(WorkResult? result)
    {
        TaskOrder order = await LeaseAsync();
        await SucceedAsync(order, result);
        return order;
    }

    public ValueTask<TaskDirective> ReportAsync(TaskOrder order, string stage = "read", long done = 10, long total = 100, long stored = 0, params TaskLine[] lines) =>
        Channel.ReportAsync(
            new TaskReport { TaskGuid = order.TaskGuid, Attempt = order.Attempt, Stage = stage, DoneBytes = done, TotalBytes = total, StoredBytes = stored, Lines = lines },
            default);

    public Task SucceedAsync(TaskOrder order, WorkResult? result) => CompleteAsync(order, TaskEnd.Succeeded, result, fault: null);

    public Task FailAsync(TaskOrder order, ErrorCode code = ErrorCode.SourceReadFailed, RetryAdvice retry = RetryAdvice.Later) =>
        CompleteAsync(order, TaskEnd.Failed, result: null, new TaskFault(code, ErrorSide.Source, "The disk cannot be read.", "Look at the host.", retry));

    public Task CancelledAsync(TaskOrder order) => CompleteAsync(order, TaskEnd.Cancelled, result: null, fault: null);

    public static BackupResult Backup(string pointId, string mode = "full", params string[] warnings) => new(
        pointId,
        new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero),
        [
            new BackupResultDisk("vda", "system", 1000, mode, Reason: null, ReadBytes: 600, ChangedBytes: 500, NewBytes: 400, StoredBytes: 300),
            new BackupResultDisk("@documents", "@documents", 10, mode, Reason: null, ReadBytes: 10, ChangedBytes: 10, NewBytes: 10, StoredBytes: 5),
        ],
        warnings);

    private async Task CompleteAsync(TaskOrder order, TaskEnd end, WorkResult? result, TaskFault? fault)
    {
        await Channel.CompleteAsync(
            new TaskOutcome { TaskGuid = order.TaskGuid, Attempt = order.Attempt, End = end, Result = result, Fault = fault }, default);
        Running.Remove(order.TaskGuid);
    }

    private NodeStatus Status(int slots) => new("1.0", [.. Running], slots, Platforms);
}
