namespace VProtect.EndToEnd.Tests;

/// <summary>
/// Chromium drops what it is loading when the machine's networks change, so tests that make networks wait for those with a browser, and the other way round.
/// </summary>
internal static class NetworkTurn
{
    private const int BrowsersMax = 8;

    private static readonly SemaphoreSlim _turns = new(BrowsersMax);
    private static readonly SemaphoreSlim _changing = new(1);

    /// <summary>The networks stay as they are until this is disposed.</summary>
    public static async Task<IDisposable> TakeAsync()
    {
        await _turns.WaitAsync();
        return new Turn(1);
    }

    /// <summary>No browser is at work until this is disposed.</summary>
    public static async Task<IDisposable> TakeToChangeAsync()
    {
        await _changing.WaitAsync();
        try
        {
            for (int turn = 0; turn < BrowsersMax; turn++)
            {
                await _turns.WaitAsync();
            }
        }
        finally
        {
            _changing.Release();
        }

        return new Turn(BrowsersMax);
    }

    private sealed class Turn(int count) : IDisposable
    {
        public void Dispose() => _turns.Release(count);
    }
}
