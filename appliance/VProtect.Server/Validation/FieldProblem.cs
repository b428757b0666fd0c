namespace VProtect.Server.Validation;

/// <summary>What is wrong with one field of a request, and how to put it right.</summary>
/// <param name="Field">Path of the field as the API spells it, for example <c>interval.frequency</c> or <c>rules[0].name</c>.</param>
/// <param name="Problem">What is wrong; a sentence.</param>
/// <param name="Fix">What to send instead; a sentence.</param>
internal sealed record FieldProblem(string Field, string Problem, string Fix);
