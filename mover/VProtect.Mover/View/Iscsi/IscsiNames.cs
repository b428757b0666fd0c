using System.Security.Cryptography;
using System.Text;

namespace VProtect.Mover.View.Iscsi;

/// <summary>Names by which initiators know targets and disks again.</summary>
public static class IscsiNames
{
    /// <summary>What names of ours begin with: a domain that is nobody's on the Internet.</summary>
    private const string Authority = "iqn.2026-11.internal.vprotect:";

    private const int CharsMax = 64;

    /// <summary>The IQN of a target.</summary>
    /// <param name="what">For people; what an IQN cannot have becomes a hyphen.</param>
    /// <param name="id">What makes it the only one: letters, digits, hyphens.</param>
    public static string OfTarget(string what, string id)
    {
        ArgumentNullException.ThrowIfNull(what);
        ArgumentNullException.ThrowIfNull(id);
        var name = new StringBuilder(Authority);
        foreach (char c in what.Length <= CharsMax ? what : what[..CharsMax])
        {
            name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-');
        }

        return name.Append(':').Append(id.ToLowerInvariant()).ToString();
    }

    /// <summary>The identity of a disk (<see cref="IscsiDisk.Identity"/>).</summary>
    /// <param name="parts">What decides its bytes. Of a disk that can be written, what stands for what was written too: initiators take two disks of one identity for
    /// two ways to one disk.</param>
    public static string IdentityOf(params ReadOnlySpan<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts!))))[..32];
}
