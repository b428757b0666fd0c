using System.CommandLine;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Contexts;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect logout</c> and <c>vprotect context …</c>: which servers are known here.</summary>
internal static class ContextVerbs
{
    public static Verb NewLogout(ClientVerbs verbs) => verbs.Alone(verbs.Doing(
        new Verb("logout", "Takes the login's token back at the server, and forgets it here.")
            .WithExamples(("vprotect logout", "at the current server"), ("vprotect logout --context backup1", "at another one")),
        async (client, cancellationToken) =>
        {
            ServerContext context = client.Context() ?? throw new VProtectException(
                ErrorCode.NotLoggedIn, ErrorSide.Request, "You are not logged in.", "'vprotect context list' shows where you have been.");
            await TakeBackAsync(client, context, cancellationToken);
            ContextDocument document = client.Contexts.Read();
            client.Contexts.Write(document with { Contexts = [.. document.Contexts.Select(other => other.Name == context.Name ? other with { Token = null, TokenGuid = null } : other)] });
            return Told(client, context.Name, $"Logged out of {context.Server}.");
        }));

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "context", "The servers that are known here, and which of them is meant when none is named.",
        NewList(verbs), NewUse(verbs), NewAdd(verbs), NewRemove(verbs));

    private static Verb NewList(ClientVerbs verbs) => verbs.Doing(
        new Verb("list", "Lists the servers; the current one has a star.").WithExamples(("vprotect context list", "where am I logged in?")),
        (client, _) =>
        {
            ContextDocument document = client.Contexts.Read();
            if (client.IsJson)
            {
                client.WriteJson(new JsonArray([.. document.Contexts.Select(context => (JsonNode?)new JsonObject
                {
                    ["name"] = context.Name,
                    ["server"] = context.Server,
                    ["login"] = context.Login,
                    ["fingerprint"] = context.Fingerprint,
                    ["loggedIn"] = context.Token is not null,
                    ["current"] = context.Name == document.Current,
                })]).ToJsonString());
            }
            else if (document.Contexts.Count == 0)
            {
                client.Note("No server is known here yet: 'vprotect login' adds one.");
            }
            else
            {
                Listing.Write(client.Terminal.Out, ["", "name", "server", "user", "certificate"], [.. document.Contexts.Select(context => new[]
                {
                    context.Name == document.Current ? "*" : "", context.Name, context.Server,
                    context.Token is null ? "logged out" : context.Login ?? "-", context.Fingerprint is null ? "vouched for" : CertificateTrust.Text(context.Fingerprint)[..23] + "…",
                })]);
            }

            return Task.FromResult(ExitCodes.Success);
        });

    private static Verb NewUse(ClientVerbs verbs)
    {
        Argument<string> name = NewName(verbs);
        return verbs.Doing(
            new Verb("use", "Makes a server the current one.") { name }.WithExamples(("vprotect context use backup1", "from now on")),
            (client, _) =>
            {
                ContextDocument document = client.Contexts.Read();
                ServerContext context = ClientInvocation.Existing(document, client.Parsed.GetRequiredValue(name));
                client.Contexts.Write(document with { Current = context.Name });
                return Task.FromResult(Told(client, context.Name, $"The current server is {context.Server}."));
            });
    }

    private static Verb NewAdd(ClientVerbs verbs)
    {
        var name = new Argument<string>("NAME") { Description = "What to call it." };
        var server = new Argument<string>("SERVER") { Description = "Its address." };
        return verbs.Doing(
            new Verb("add", "Adds a server without logging in, and makes it the current one.") { name, server }
                .WithExamples(("vprotect context add site2 https://backup2.example.org:8181", "then: vprotect login")),
            (client, _) =>
            {
                string called = client.Parsed.GetRequiredValue(name);
                ContextDocument document = client.Contexts.Read();
                if (document.Find(called) is not null)
                {
                    throw Invocation.BadArgument($"There is a context '{called}' already.", "Choose another name, or remove it first.");
                }

                string address = ServerAddress.Parse(client.Parsed.GetRequiredValue(server));
                client.Contexts.Write(document.With(new ServerContext(called, address, null, client.NamedFingerprint(), null, null)));
                return Task.FromResult(Told(client, called, $"Added {address} as '{called}'. Log in with 'vprotect login'."));
            });
    }

    private static Verb NewRemove(ClientVerbs verbs)
    {
        Argument<string> name = NewName(verbs);
        return verbs.Doing(
            new Verb("remove", "Forgets a server, after taking the login's token back there.") { name }.WithExamples(("vprotect context remove site2", "and its token")),
            async (client, cancellationToken) =>
            {
                ContextDocument document = client.Contexts.Read();
                ServerContext context = ClientInvocation.Existing(document, client.Parsed.GetRequiredValue(name));
                await TakeBackAsync(client, context, cancellationToken);
                client.Contexts.Write(document.Without(context.Name));
                return Told(client, context.Name, $"Forgot '{context.Name}'.");
            });
    }

    /// <summary>Takes the token back. A server that is gone keeps nobody from forgetting it.</summary>
    private static async Task TakeBackAsync(ClientInvocation client, ServerContext context, CancellationToken cancellationToken)
    {
        if (context is not { Token: { } token, TokenGuid: { } guid })
        {
            return;
        }

        using var api = new ApiClient(context.Server, new CertificateTrust(context.Fingerprint), token);
        try
        {
            await api.DeleteAsync($"/tokens/{guid}", version: null, cancellationToken);
        }
        catch (VProtectException exception) when (exception.Code is ErrorCode.Unauthenticated or ErrorCode.CatalogNotFound)
        {
            // It has ended already.
        }
        catch (VProtectException exception)
        {
            client.Local.Warn($"The token was not taken back: {exception.Message} It ends by itself, or is taken back with 'vprotect token revoke'.");
        }
    }

    private static Argument<string> NewName(ClientVerbs verbs)
    {
        var name = new Argument<string>("NAME") { Description = "The context, by its name." };
        name.CompletionSources.Add(context =>
        {
            using ClientInvocation client = verbs.NewInvocation(context.ParseResult);
            return client.Contexts.Read().Contexts.Select(known => new System.CommandLine.Completions.CompletionItem(known.Name));
        });
        return name;
    }

    private static int Told(ClientInvocation client, string context, string sentence)
    {
        if (client.IsJson)
        {
            client.WriteJson(new JsonObject { ["context"] = context }.ToJsonString());
        }

        client.Say(sentence);
        return ExitCodes.Success;
    }
}
