using VProtect.Abstractions;

namespace VProtect.Server.Validation;

/// <summary>A request cannot be carried out as it was written; it names every field that is wrong. Nothing was changed.</summary>
internal sealed class InvalidFieldsException : VProtectException
{
    /// <summary>Makes one.</summary>
    /// <param name="fields">What is wrong; at least one.</param>
    public InvalidFieldsException(IReadOnlyList<FieldProblem> fields)
        : base(
            ErrorCode.InvalidArgument,
            ErrorSide.Request,
            string.Join(' ', fields.Select(field => $"{field.Field}: {field.Problem}")),
            string.Join(' ', fields.Select(field => $"{field.Field}: {field.Fix}")))
    {
        Fields = [.. fields];
    }

    /// <summary>What is wrong with which field.</summary>
    public IReadOnlyList<FieldProblem> Fields { get; }
}
