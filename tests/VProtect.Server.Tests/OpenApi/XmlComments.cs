using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VProtect.Server.Tests.OpenApi;

/// <summary>What the code's own comments say about types and members: the compiler writes them beside each assembly.</summary>
internal sealed partial class XmlComments
{
    private readonly Dictionary<string, XElement> _members = new(StringComparer.Ordinal);

    public XmlComments(params Assembly[] assemblies)
    {
        foreach (Assembly assembly in assemblies)
        {
            var document = XDocument.Load(Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml"));
            foreach (XElement member in document.Descendants("member"))
            {
                _members[member.Attribute("name")!.Value] = member;
            }
        }
    }

    public string? OfType(Type type) => Summary($"T:{NameOf(type)}");

    public string? OfMember(Type type, string member) => Summary($"F:{NameOf(type)}.{member}");

    /// <summary>A property, or the parameter of a record that it comes from.</summary>
    public string? OfProperty(Type type, string property) => Summary($"P:{NameOf(type)}.{property}") ?? (
        _members.GetValueOrDefault($"T:{NameOf(type)}")?.Elements("param").FirstOrDefault(param => param.Attribute("name")!.Value == property) is { } found
            ? Text(found)
            : null);

    private string? Summary(string id) => _members.GetValueOrDefault(id)?.Element("summary") is { } summary ? Text(summary) : null;

    private static string NameOf(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string Text(XElement element) => Spaces().Replace(
        string.Concat(element.Nodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement { Name.LocalName: "see" } see => see.Attribute("cref")?.Value.Split('.')[^1] ?? see.Attribute("langword")?.Value ?? "",
            XElement inner => inner.Value,
            _ => "",
        })),
        " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
