using System.Text.RegularExpressions;

namespace VProtect.Server.Policies;

/// <summary>
/// A regular expression for names of machines. It has to match the whole name, with regard to case: an exclusion of <c>test</c> must not
/// take <c>latest-db</c> out of its backup. Matching takes time linear in the name whatever the expression, for users write it.
/// </summary>
internal sealed class NamePattern
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private readonly Regex _whole;

    /// <summary>Compiles an expression.</summary>
    /// <exception cref="ArgumentException">It is not well-formed.</exception>
    /// <exception cref="NotSupportedException">It needs backtracking: back references, look-arounds, atomic groups.</exception>
    public NamePattern(string expression)
    {
        // On its own first: "a)|(b" is well-formed only within the brackets below.
        _ = new Regex(expression, Options);
        _whole = new Regex($@"\A(?:{expression})\z", Options);
    }

    /// <summary>Whether it matches a whole name.</summary>
    public bool Matches(string name) => _whole.IsMatch(name);
}
