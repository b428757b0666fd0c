using System.Text.Json;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>A kind of object: where the API has it, what it is called, and what of it is shown.</summary>
internal sealed record Resource
{
    /// <summary>What one is called, as the glossary has it.</summary>
    public required string Noun { get; init; }

    /// <summary>Of the list, below <c>/api</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Table of a list.</summary>
    public required IReadOnlyList<Column> Columns { get; init; }

    /// <summary>What 'show' tells.</summary>
    public IReadOnlyList<Column> Details { get; init; } = [];

    /// <summary>Member that people call it by; null when it has only an id.</summary>
    public string? NameMember { get; init; } = "name";

    /// <summary>Query of every list.</summary>
    public string Query { get; init; } = "";

    /// <summary>Whether single ones can be asked for.</summary>
    public bool HasSingle { get; init; } = true;

    /// <summary>Whether its list goes by <c>before</c> instead of pages, as the audit does.</summary>
    public bool GoesByBefore { get; init; }

    /// <summary>Whether a change must send the whole object; else what is not sent stays as it is.</summary>
    public bool IsWrittenWhole { get; init; }

    /// <summary>Verb that lists it, for hints.</summary>
    public required string ListVerb { get; init; }

    /// <summary>What an object is called in a sentence.</summary>
    public string Title(JsonElement item) =>
        NameMember is { } member && item.Text(member) is { } name ? $"{Noun} '{name}'" : $"{Noun} {item.ShortId()}";

    public string PathOf(string guid) => $"{Path}/{guid}";
}
