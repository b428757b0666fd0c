using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>Whether to freeze, as orders write it.</summary>
internal static class Quiescing
{
    /// <exception cref="VProtectException">It is none of the words.</exception>
    public static QuiesceMode Of(string word) => word switch
    {
        "No" => QuiesceMode.No,
        "Try" => QuiesceMode.Try,
        "Require" => QuiesceMode.Require,
        _ => throw new VProtectException(
            ErrorCode.InvalidArgument, ErrorSide.Request, $"'{word}' does not say whether to freeze file systems.", "Say No, Try or Require."),
    };
}
