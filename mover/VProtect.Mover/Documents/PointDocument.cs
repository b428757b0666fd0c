namespace VProtect.Mover.Documents;

/// <summary>A small document kept with a restore point: a machine's definition, its firmware's state.</summary>
/// <param name="Name">Relative, with <c>/</c> between segments, none of them <c>.</c> or <c>..</c>; at most 255 characters: <c>domain.xml</c>.</param>
/// <param name="MediaType">As in HTTP; at most 255 characters.</param>
/// <param name="Content">Its bytes.</param>
public sealed record PointDocument(string Name, string MediaType, ReadOnlyMemory<byte> Content);
