using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using VProtect.Abstractions.Nodes;
using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Server.Tests.Nodes;

/// <summary>
/// Goal: what a server and a node of different versions say to each other keeps its meaning. Method: every kind of work and result, every member filled, goes there and back; and what version 1
/// wrote (<c>node-wire-1.json</c>, written anew with <c>VPROTECT_GOLDEN=write</c>) is read with nothing lost.
/// </summary>
public sealed class NodeWireTests
{
    private static readonly Type[] AllKinds =
        [.. new[] { typeof(Work), typeof(WorkResult) }.SelectMany(root => root.GetCustomAttributes<JsonDerivedTypeAttribute>()).Select(kind => kind.DerivedType)];

    public static TheoryData<Type> Kinds() => [.. AllKinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_member_of_every_kind_travels(Type kind)
    {
        object filled = Fill(kind, depth: 0)!;
        string text = Write(filled);
        object read = Read(text, filled is Work);
        Assert.IsType(kind, read);
        Assert.Equal(text, Write(read));
    }

    [Fact]
    public void What_the_first_version_wrote_is_read_with_nothing_lost()
    {
        string path = Path.Join(Here(), "node-wire-1.json");
        if (Environment.GetEnvironmentVariable("VPROTECT_GOLDEN") == "write")
        {
            var all = new JsonArray([.. AllKinds.Select(kind => JsonNode.Parse(Write(Fill(kind, depth: 0)!)))]);
            File.WriteAllText(path, all.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }

        foreach (JsonNode? golden in JsonNode.Parse(File.ReadAllText(path))!.AsArray())
        {
            string text = golden!.ToJsonString();
            RequireWithin(golden, JsonNode.Parse(Write(Read(text, golden["order"] is not null)))!, golden["order"]?["work"]?["kind"]?.ToString() ?? "result");
        }
    }

    [Fact]
    public void Token_is_one_word_that_holds_the_secret_and_the_server()
    {
        string hash = Convert.ToHexString(Enumerable.Repeat((byte)0xAB, 32).ToArray());
        JoinToken token = JoinToken.New(hash);
        Assert.Equal(91, token.ToWord().Length);
        Assert.True(JoinToken.TryParse($" {token.ToWord()}\n", out JoinToken? read));
        Assert.Equal(token, read);
        Assert.DoesNotContain(token.Secret, token.ToString(), StringComparison.Ordinal);
        foreach (string wrong in (string[])["", "vpn1_", token.ToWord()[1..], token.ToWord() + "A", token.ToWord()[..^2], "vpn1_" + new string('*', 86)])
        {
            Assert.False(JoinToken.TryParse(wrong, out _), wrong);
        }
    }

    private static string Write(object filled) => filled is Work work
        ? JsonSerializer.Serialize(new LeaseAnswer(new TaskOrder("task", 2, work, new Dictionary<string, string> { ["stage"] = "record" }) { Settings = (NodeSettings)Fill(typeof(NodeSettings), depth: 0)! }), NodeWireJson.Default.LeaseAnswer)
        : JsonSerializer.Serialize(
            new Abstractions.Nodes.TaskOutcome { TaskGuid = "task", Attempt = 2, End = TaskEnd.Succeeded, Result = (WorkResult)filled, LinesBefore = 3 }, NodeWireJson.Default.TaskOutcome);

    private static object Read(string text, bool isWork) => isWork
        ? JsonSerializer.Deserialize(text, NodeWireJson.Default.LeaseAnswer)!.Order!.Work
        : JsonSerializer.Deserialize(text, NodeWireJson.Default.TaskOutcome)!.Result!;

    private static void RequireWithin(JsonNode golden, JsonNode now, string at)
    {
        switch (golden)
        {
            case JsonObject members:
                foreach ((string name, JsonNode? value) in members)
                {
                    Assert.True(now.AsObject().ContainsKey(name), $"{at}.{name} is lost.");
                    RequireWithin(value ?? JsonValue.Create("null")!, now[name] ?? JsonValue.Create("null")!, $"{at}.{name}");
                }

                break;
            case JsonArray items:
                Assert.Equal(items.Count, now.AsArray().Count);
                for (int i = 0; i < items.Count; i++)
                {
                    RequireWithin(items[i]!, now[i]!, $"{at}[{i}]");
                }

                break;
            default:
                Assert.True(JsonNode.DeepEquals(golden, now), $"{at} was {golden} and is {now}.");
                break;
        }
    }

    /// <summary>A value of a type, every member of it filled with something that is not its default.</summary>
    private static object? Fill(Type type, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        Assert.True(depth < 8, $"{type} is nested too deeply.");
        if (type == typeof(string))
        {
            return "text";
        }

        if (type.IsEnum)
        {
            return Enum.GetValues(type).Cast<object>().Last();
        }

        if (type.IsPrimitive)
        {
            return type == typeof(bool) ? true : Convert.ChangeType(7, type, System.Globalization.CultureInfo.InvariantCulture);
        }

        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromSeconds(90);
        }

        if (type == typeof(DateTimeOffset))
        {
            return new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        }

        if (type == typeof(Guid))
        {
            return new Guid("0195a5a5-0000-7000-8000-000000000001");
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(type.GenericTypeArguments))!;
            list.Add(Fill(type.GenericTypeArguments[0], depth + 1));
            return list;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(type.GenericTypeArguments))!;
            map.Add(Fill(type.GenericTypeArguments[0], depth + 1)!, Fill(type.GenericTypeArguments[1], depth + 1));
            return map;
        }

        object filled = RuntimeHelpers.GetUninitializedObject(type);
        foreach (PropertyInfo property in type.GetProperties().Where(property => property.CanWrite))
        {
            property.SetValue(filled, Fill(property.PropertyType, depth + 1));
        }

        return filled;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
