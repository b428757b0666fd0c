using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>An argument that means an object, completed by the names that the server knows.</summary>
internal static class ObjectArgument
{
    /// <summary>Nobody waits longer for a name to appear.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    public static Argument<string> New(ClientVerbs verbs, Resource resource, string? name = null)
    {
        var argument = new Argument<string>(name ?? "NAME") { Description = Describe(resource) };
        argument.CompletionSources.Add(context => Complete(verbs, resource, context));
        return argument;
    }

    public static Argument<string[]> NewList(ClientVerbs verbs, Resource resource, string? name = null)
    {
        var argument = new Argument<string[]>(name ?? "NAME") { Description = Describe(resource), Arity = ArgumentArity.OneOrMore };
        argument.CompletionSources.Add(context => Complete(verbs, resource, context));
        return argument;
    }

    public static IEnumerable<CompletionItem> Complete(ClientVerbs verbs, Resource resource, CompletionContext context)
    {
        try
        {
            using ClientInvocation client = verbs.NewInvocation(context.ParseResult);
            using var limit = new CancellationTokenSource(_patience);
            string word = context.WordToComplete;
            (string, string?)[] filter = resource.NameMember is null || word.Length == 0 ? [] : [("filter", word)];
            ObjectList found = ObjectList.ReadAsync(client.Api, resource, filter, limit: 100, limit.Token).GetAwaiter().GetResult();
            return [.. found.Rows.Select(row => Word(resource, row)).Where(text => text.StartsWith(word, StringComparison.Ordinal)).Distinct().Select(text => new CompletionItem(text))];
        }
        catch (Exception exception) when (exception is VProtectException or OperationCanceledException)
        {
            // Not logged in, or not there: a shell that is completing has no place to say so.
            return [];
        }
    }

    private static string Describe(Resource resource) =>
        resource.NameMember is null ? $"The {resource.Noun}: its id, as '{resource.ListVerb}' shows it, or its guid." : $"The {resource.Noun}: its name or guid.";

    private static string Word(Resource resource, JsonElement row) =>
        (resource.NameMember is { } member ? row.Text(member) : row.ShortId()) ?? "";
}
