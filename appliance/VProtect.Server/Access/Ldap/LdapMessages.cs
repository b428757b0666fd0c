using System.Formats.Asn1;
using System.Text;

namespace VProtect.Server.Access.Ldap;

/// <summary>
/// The messages of LDAP (RFC 4511) that a login needs, in BER. Filters are written as trees of values, never as text: what is typed at a login cannot become a
/// part of the filter. Pure.
/// <code>
/// LDAPMessage ::= SEQUENCE { messageID INTEGER, [APPLICATION n] operation }     n = 0 bind, 3 search, 23 extended; answers 1, 4 entry, 5 done, 19 reference, 24
/// </code>
/// </summary>
internal static class LdapMessages
{
    public const int BindAnswer = 1;
    public const int Entry = 4;
    public const int SearchDone = 5;
    public const int Reference = 19;
    public const int ExtendedAnswer = 24;

    private const string StartTls = "1.3.6.1.4.1.1466.20037";

    private enum Scope
    {
        Base = 0,
        Subtree = 2,
    }

    /// <summary>Simple bind of version 3.</summary>
    public static byte[] Bind(int id, string dn, string password) => Message(id, 0, writer =>
    {
        writer.WriteInteger(3);
        Text(writer, dn);
        writer.WriteOctetString(Encoding.UTF8.GetBytes(password), Context(0));
    });

    /// <summary>Search below <paramref name="under"/> for entries whose attributes all equal these values.</summary>
    public static byte[] Search(int id, string under, IReadOnlyList<(string Attribute, string Value)> equal, IReadOnlyList<string> attributes, int sizeLimit) => Message(id, 3, writer =>
    {
        Text(writer, under);
        writer.WriteEnumeratedValue(Scope.Subtree);
        writer.WriteEnumeratedValue(Scope.Base); // derefAliases: never
        writer.WriteInteger(sizeLimit);
        writer.WriteInteger(10); // seconds
        writer.WriteBoolean(false);
        using (writer.PushSetOf(Context(0))) // and
        {
            foreach ((string attribute, string value) in equal)
            {
                using (writer.PushSequence(Context(3))) // equalityMatch
                {
                    Text(writer, attribute);
                    Text(writer, value);
                }
            }
        }

        using (writer.PushSequence())
        {
            foreach (string attribute in attributes)
            {
                Text(writer, attribute);
            }
        }
    });

    /// <summary>From now on TLS.</summary>
    public static byte[] BeginTls(int id) => Message(id, 23, writer => writer.WriteOctetString(Encoding.ASCII.GetBytes(StartTls), Context(0)));

    /// <summary>The message's number, the kind of its operation, and that.</summary>
    public static (int Id, int Operation, AsnReader Content) Read(ReadOnlyMemory<byte> message)
    {
        AsnReader reader = new AsnReader(message, AsnEncodingRules.BER).ReadSequence();
        int id = reader.TryReadInt32(out int number) ? number : throw new AsnContentException();
        Asn1Tag tag = reader.PeekTag();
        return tag.TagClass == TagClass.Application ? (id, tag.TagValue, reader.ReadSequence(tag)) : throw new AsnContentException();
    }

    /// <summary>Result code (RFC 4511 4.1.9; 0 success, 49 invalid credentials) and message of an answer.</summary>
    public static (int Code, string Message) Result(AsnReader content)
    {
        int code = content.ReadEnumeratedBytes().Span is [var only] ? only : throw new AsnContentException();
        content.ReadOctetString();
        return (code, Text(content));
    }

    /// <summary>Name and attributes of an entry; names of attributes without regard to case.</summary>
    public static (string Dn, Dictionary<string, List<string>> Attributes) EntryOf(AsnReader content)
    {
        string dn = Text(content);
        var attributes = new Dictionary<string, List<string>>(StringComparer.OrdinalIgnoreCase);
        AsnReader list = content.ReadSequence();
        while (list.HasData)
        {
            AsnReader one = list.ReadSequence();
            string name = Text(one);
            List<string> values = attributes[name] = [];
            AsnReader set = one.ReadSetOf(skipSortOrderValidation: true);
            while (set.HasData)
            {
                values.Add(Text(set));
            }
        }

        return (dn, attributes);
    }

    private static byte[] Message(int id, int operation, Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(id);
            using (writer.PushSequence(new Asn1Tag(TagClass.Application, operation)))
            {
                write(writer);
            }
        }

        return writer.Encode();
    }

    private static Asn1Tag Context(int number) => new(TagClass.ContextSpecific, number);

    private static void Text(AsnWriter writer, string text) => writer.WriteOctetString(Encoding.UTF8.GetBytes(text));

    private static string Text(AsnReader reader) => Encoding.UTF8.GetString(reader.ReadOctetString());
}
