using System.Text.Json;

namespace VProtect.Abstractions.Nodes.Wire;

/// <summary>
/// A batch of what an appliance tells the server that it joined. Batches of a feed are numbered from 1; the first takes the place of all that was told before. A
/// batch that was not acknowledged is told again under its number, with what its rows are by then.
/// </summary>
/// <param name="Feed">Which feed; another whenever the appliance begins anew.</param>
/// <param name="Number">Number of the batch.</param>
/// <param name="Rows">Rows of its catalog, each behind what it refers to; then those that went.</param>
public sealed record FeedBatch(string Feed, long Number, IReadOnlyList<FeedRow> Rows);

/// <summary>A row of an appliance's catalog (<c>catalog/SCHEMA.md</c>): text, whole numbers and null; no secrets.</summary>
/// <param name="Table">Table.</param>
/// <param name="Guid">Identity.</param>
/// <param name="Columns">Values by column; null: the row went.</param>
/// <param name="Links">Rows of tables that only join and belong to it, by table: all of them.</param>
public sealed record FeedRow(
    string Table, string Guid, IReadOnlyDictionary<string, JsonElement>? Columns, IReadOnlyDictionary<string, IReadOnlyList<IReadOnlyDictionary<string, JsonElement>>>? Links);

/// <summary>What became of a batch.</summary>
/// <param name="BeginsAnew">Whether the server cannot follow this feed: the appliance begins another.</param>
public sealed record FeedAnswer(bool BeginsAnew);

/// <summary>An appliance asks for calls that users make at the server and that concern it.</summary>
/// <param name="Version">Of its program.</param>
public sealed record CallsQuestion(string Version);

/// <summary>Calls that came, or none: ask again.</summary>
/// <param name="Calls">Each is given once.</param>
public sealed record CallsAnswer(IReadOnlyList<ForwardedCall> Calls);

/// <summary>A call of the REST API that a user made at the server and that the appliance answers.</summary>
/// <param name="Id">Which: it is answered under this.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">Headers that count.</param>
/// <param name="Body">Body; null none.</param>
/// <param name="User">Login of who calls, at the server.</param>
/// <param name="UserGuid">That user there.</param>
/// <param name="Grants">What that user may do; the appliance allows no more than it allows the server.</param>
public sealed record ForwardedCall(
    string Id, string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[]? Body, string User, Guid UserGuid,
    IReadOnlyList<ForwardedGrant> Grants);

/// <summary>A permission of the caller.</summary>
/// <param name="Permission">Its name.</param>
/// <param name="Kind">Kind of the object that it is limited to; null everything.</param>
/// <param name="Object">That object.</param>
public sealed record ForwardedGrant(string Permission, string? Kind, Guid Object);

/// <summary>What an answer to a forwarded call begins with; a line feed and the body follow.</summary>
/// <param name="Id">The call.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Headers">Headers that count.</param>
public sealed record ForwardedHead(string Id, int Status, IReadOnlyDictionary<string, string> Headers);
