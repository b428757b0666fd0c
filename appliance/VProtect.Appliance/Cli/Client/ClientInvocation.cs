using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Contexts;

namespace VProtect.Appliance.Cli.Client;

/// <summary>One run of a verb that speaks to a server.</summary>
internal sealed class ClientInvocation(Invocation invocation, ClientOptions options) : IDisposable
{
    private ApiClient? _api;

    public Invocation Local => invocation;

    public ParseResult Parsed => invocation.Parsed;

    public Terminal Terminal => invocation.Terminal;

    public bool IsJson => invocation.IsJson;

    public ContextFile Contexts { get; } = ContextFile.Of(invocation.Terminal);

    /// <summary>The server, with what proves who asks. Connected at the first call.</summary>
    public ApiClient Api => _api ??= Open();

    /// <summary>Tells the result as a sentence; left out with --json, where the document is the result.</summary>
    public void Say(string sentence)
    {
        if (!IsJson)
        {
            Terminal.Out.WriteLine(sentence);
        }
    }

    /// <summary>The answer as it came: what scripts read does not depend on this program's version.</summary>
    public void WriteJson(string text) => Terminal.Out.WriteLine(text.Length == 0 ? "{}" : text);

    public void Note(string text) => invocation.Note(text);

    /// <summary>The address that was named, by option or environment; null when a context is meant.</summary>
    public string? NamedServer()
    {
        string? typed = Parsed.GetValue(options.Server) ?? (Parsed.GetValue(options.Context) is null ? Variable("VPROTECT_SERVER") : null);
        return typed is null ? null : ServerAddress.Parse(typed);
    }

    /// <summary>The fingerprint that was named, by option or environment.</summary>
    public string? NamedFingerprint() => (Parsed.GetValue(options.Fingerprint) ?? Variable("VPROTECT_FINGERPRINT")) is { } typed ? CertificateTrust.Parse(typed) : null;

    /// <summary>The context that was named, or is current.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.ContextInvalid"/>: one was named that is not there.</exception>
    public ServerContext? Context()
    {
        ContextDocument document = Contexts.Read();
        return Parsed.GetValue(options.Context) is { } name ? Existing(document, name) : document.Find(document.Current);
    }

    public static ServerContext Existing(ContextDocument document, string name) => document.Find(name)
        ?? throw new VProtectException(
            ErrorCode.ContextInvalid, ErrorSide.Request, $"There is no context '{name}'.",
            document.Contexts.Count == 0 ? "There is none yet: 'vprotect login' makes one." : $"There are: {string.Join(", ", document.Contexts.Select(context => context.Name))}.");

    public void Dispose() => _api?.Dispose();

    private ApiClient Open()
    {
        string? named = NamedServer();
        string? token = Variable("VPROTECT_TOKEN");

        // A script that brings address and token needs no file.
        ServerContext? context = named is null
            ? Context()
            : Contexts.Read() is var document && document.Find(document.Current) is { } current && current.Server == named
                ? current
                : document.Contexts.FirstOrDefault(known => known.Server == named);
        string server = named ?? context?.Server ?? throw NotLoggedIn("No server was named, and none was logged in to.", "");
        token ??= context?.Token ?? throw NotLoggedIn($"You are not logged in at {server}.", " " + server);
        return new ApiClient(server, new CertificateTrust(NamedFingerprint() ?? context?.Fingerprint), token);
    }

    private string? Variable(string name) => Terminal.Variable(name) is { Length: > 0 } value ? value : null;

    private static VProtectException NotLoggedIn(string message, string server) => new(
        ErrorCode.NotLoggedIn, ErrorSide.Request, message, $"Log in with 'vprotect login{server}', or set VPROTECT_SERVER and VPROTECT_TOKEN.");
}
