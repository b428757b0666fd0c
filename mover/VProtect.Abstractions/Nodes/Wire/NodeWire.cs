using System.Text.Json.Serialization;

namespace VProtect.Abstractions.Nodes.Wire;

/// <summary>
/// How a node of another machine speaks to its server: HTTP/2 over TLS 1.3, <c>POST</c>, one JSON object each way (<c>appliance/NODES.md</c> has it in full).
/// <code>
///  /node/v1/authority  nobody's certificate   ──►  AuthorityAnswer
///  /node/v1/enrol      nobody's certificate   EnrolRequest ──► EnrolAnswer
///  /node/v1/renew      the node's             RenewRequest ──► RenewAnswer
///  /node/v1/lease      the node's             NodeStatus   ──► LeaseAnswer
///  /node/v1/stops      the node's             {}           ──► StopsAnswer
///  /node/v1/report     the node's             TaskReport   ──► ReportAnswer
///  /node/v1/complete   the node's             TaskOutcome  ──► {}
///
///  /node/v1/feed       a joined appliance's   FeedBatch     ──► FeedAnswer
///  /node/v1/calls      a joined appliance's   CallsQuestion ──► CallsAnswer
///  /node/v1/answer     a joined appliance's   ForwardedHead, line feed, body ──► {}
///  /node/v1/leave      a joined appliance's   {}            ──► {}
/// </code>
/// Members are only ever added; what is not known is ignored. What cannot be understood any more gets another number in the path.
/// </summary>
public static class NodeWire
{
    /// <summary>What paths begin with.</summary>
    public const string Root = "/node/v1/";

    /// <summary>Header of a lease: the same text until its answer was received, so that an order whose answer was lost is given again.</summary>
    public const string LeaseHeader = "vprotect-lease";

    /// <summary>Largest body, bytes: the inventory of a large platform.</summary>
    public const int BodyBytesMax = 16 << 20;

    /// <summary>Port of the server that nodes call when none is named.</summary>
    public const int DefaultPort = 8182;
}

/// <summary>The authority that signs this server's and its nodes' certificates.</summary>
/// <param name="Authority">PEM.</param>
public sealed record AuthorityAnswer(string Authority);

/// <summary>A node joins.</summary>
/// <param name="Secret">The secret part of its token.</param>
/// <param name="PublicKey">ECDSA P-256, SubjectPublicKeyInfo in DER, base64.</param>
/// <param name="Version">Of its program.</param>
public sealed record EnrolRequest(string Secret, string PublicKey, string Version);

/// <summary>It has joined.</summary>
/// <param name="Node">Guid.</param>
/// <param name="Name">What the server calls it.</param>
/// <param name="Certificate">PEM, for client authentication.</param>
public sealed record EnrolAnswer(string Node, string Name, string Certificate);

/// <summary>A node needs another certificate.</summary>
/// <param name="PublicKey">As in <see cref="EnrolRequest"/>, of a new key.</param>
public sealed record RenewRequest(string PublicKey);

/// <summary>The certificate that it goes on with.</summary>
/// <param name="Certificate">PEM.</param>
public sealed record RenewAnswer(string Certificate);

/// <summary>What a lease gave.</summary>
/// <param name="Order">An order; null for none: ask again.</param>
public sealed record LeaseAnswer(TaskOrder? Order);

/// <summary>What must end.</summary>
/// <param name="Stops">Orders and what to do with them.</param>
public sealed record StopsAnswer(IReadOnlyList<TaskStop> Stops);

/// <summary>What to do with an order.</summary>
/// <param name="Directive">That.</param>
public sealed record ReportAnswer(TaskDirective Directive);

/// <summary>A question or an answer that says nothing more.</summary>
public sealed record EmptyMessage;

/// <summary>Why there is no answer: <see cref="VProtectException"/> as JSON.</summary>
/// <param name="Code">Stable number.</param>
/// <param name="Side">Where.</param>
/// <param name="Message">What happened.</param>
/// <param name="Guidance">What to do next.</param>
/// <param name="Retry">Whether trying again may help.</param>
public sealed record WireProblem(ErrorCode Code, ErrorSide Side, string Message, string Guidance, RetryAdvice Retry);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, MaxDepth = 16, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AuthorityAnswer))]
[JsonSerializable(typeof(EnrolRequest))]
[JsonSerializable(typeof(EnrolAnswer))]
[JsonSerializable(typeof(RenewRequest))]
[JsonSerializable(typeof(RenewAnswer))]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(LeaseAnswer))]
[JsonSerializable(typeof(StopsAnswer))]
[JsonSerializable(typeof(TaskReport))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(TaskOutcome))]
[JsonSerializable(typeof(EmptyMessage))]
[JsonSerializable(typeof(FeedBatch))]
[JsonSerializable(typeof(FeedAnswer))]
[JsonSerializable(typeof(CallsQuestion))]
[JsonSerializable(typeof(CallsAnswer))]
[JsonSerializable(typeof(ForwardedHead))]
[JsonSerializable(typeof(WireProblem))]
public sealed partial class NodeWireJson : JsonSerializerContext;
