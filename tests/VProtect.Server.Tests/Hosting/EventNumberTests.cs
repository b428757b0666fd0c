using System.Reflection;
using Microsoft.Extensions.Logging;
using VProtect.Node;

namespace VProtect.Server.Tests.Hosting;

public sealed class EventNumberTests
{
    /// <summary>Whoever watches a log goes by the number.</summary>
    [Fact]
    public void Every_event_of_server_and_node_has_a_number_of_its_own()
    {
        IEnumerable<string> twice = new[] { typeof(ServerHost), typeof(NodeAgent) }
            .SelectMany(type => type.Assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (Name: $"{method.DeclaringType}.{method.Name}", method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(method => method.EventId is not null)
            .GroupBy(method => method.EventId)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(method => method.Name))}");
        Assert.Empty(twice);
    }
}
