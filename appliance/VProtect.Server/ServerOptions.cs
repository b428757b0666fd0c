namespace VProtect.Server;

/// <summary>What the server is started with; everything else is a setting that the API changes.</summary>
public sealed record ServerOptions
{
    /// <summary>Directory of catalog, keys and logs (<c>--data</c>); made when missing.</summary>
    public required string DataPath { get; init; }

    /// <summary>Where it listens (<c>--urls</c>), <c>https://HOST:PORT</c>; default every address, port 8181. Port 0 takes a free one.</summary>
    public IReadOnlyList<string> Urls { get; init; } = ["https://*:8181"];

    /// <summary>The clock; tests bring their own.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Is told the first administrator's password when it is made, once; it is kept nowhere.</summary>
    public required Action<string> FirstPassword { get; init; }

    /// <summary>How long a stop waits for requests that run; default 4 s, below what the program waits for after a signal.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(4);
}
