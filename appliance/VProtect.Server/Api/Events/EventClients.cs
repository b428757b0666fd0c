using VProtect.Abstractions;

namespace VProtect.Server.Api.Events;

/// <summary>How many listen. Each costs a connection and a queue of changes.</summary>
internal sealed class EventClients
{
    /// <summary>Clients at once: several browsers of every administrator, and scripts.</summary>
    public const int Max = 500;

    private int _count;

    /// <summary>Takes a place; dispose it when the client has gone.</summary>
    public Place Enter()
    {
        if (Interlocked.Increment(ref _count) > Max)
        {
            Interlocked.Decrement(ref _count);
            throw new VProtectException(
                ErrorCode.CatalogBusy, ErrorSide.Transform, $"{Max} clients listen already.", "Close some, or try again later.", RetryAdvice.Later);
        }

        return new Place(this);
    }

    /// <summary>A client's place.</summary>
    internal sealed class Place(EventClients clients) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref clients._count);
    }
}
