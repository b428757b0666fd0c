using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Server.Tests.Api;

/// <summary>A node that answers errands as the test says, while a request waits for them; tasks it is given fail.</summary>
internal sealed class AnsweringNode : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public AnsweringNode(ServerFixture server, Func<Work, WorkResult?> answer)
    {
        INodeChannel channel = server.App.Services.GetRequiredService<INodeChannel>();
        _running = Task.Run(() => RunAsync(channel, answer));
    }

    /// <summary>What it was asked to do.</summary>
    public List<Work> Asked { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync(INodeChannel channel, Func<Work, WorkResult?> answer)
    {
        try
        {
            while (true)
            {
                if (await channel.LeaseAsync(new NodeStatus("1.0", [], SlotsFree: 4, ["KVM"]), _stop.Token) is not { } order)
                {
                    continue;
                }

                Asked.Add(order.Work);
                var outcome = new TaskOutcome { TaskGuid = order.TaskGuid, Attempt = order.Attempt, End = TaskEnd.Succeeded };
                try
                {
                    outcome = outcome with { Result = answer(order.Work) };
                }
                catch (VProtectException failure)
                {
                    outcome = outcome with
                    {
                        End = TaskEnd.Failed,
                        Fault = new TaskFault(failure.Code, failure.Side, failure.Message, failure.Guidance, failure.Retry),
                    };
                }

                await channel.CompleteAsync(outcome, CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The test is over.
        }
    }
}
