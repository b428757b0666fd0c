using System.Text.Json.Nodes;

namespace VProtect.Server.Tests.OpenApi;

public sealed class BreakingChangesTests
{
    [Fact]
    public void A_document_does_not_break_itself_and_may_grow()
    {
        Assert.Empty(BreakingChanges.Between(Document(), Document()));
        JsonObject grown = Document();
        grown["paths"]!["/b"] = new JsonObject();
        Schema(grown, "Thing")["properties"]!["more"] = new JsonObject { ["type"] = "string" };
        Schema(grown, "Thing")["properties"]!["kind"]!["enum"]!.AsArray().Add("NEW");
        Assert.Empty(BreakingChanges.Between(Document(), grown));
    }

    [Theory]
    [InlineData("path", "/a: it is gone.")]
    [InlineData("verb", "POST /a: it is gone.")]
    [InlineData("parameter", "POST /a: parameter query:page is gone.")]
    [InlineData("required parameter", "POST /a: parameter query:page is required now.")]
    [InlineData("answered member", "POST /a 200.size: it is gone.")]
    [InlineData("answered null", "POST /a 200.size: it may be null now.")]
    [InlineData("sent type", "POST /a.name: null is not taken any more.")]
    [InlineData("sent member", "POST /a.kind: OLD is not taken any more.")]
    [InlineData("sent required", "POST /a.name: it is required now.")]
    public void What_an_older_client_trips_over_is_found(string change, string expected)
    {
        JsonObject after = Document();
        JsonObject post = after["paths"]!["/a"]!["post"]!.AsObject();
        switch (change)
        {
            case "path":
                after["paths"]!.AsObject().Remove("/a");
                break;
            case "verb":
                after["paths"]!["/a"]!.AsObject().Remove("post");
                break;
            case "parameter":
                post.Remove("parameters");
                break;
            case "required parameter":
                post["parameters"]![0]!["required"] = true;
                break;
            case "answered member":
                Schema(after, "Thing")["properties"]!.AsObject().Remove("size");
                break;
            case "answered null":
                Schema(after, "Thing")["properties"]!["size"]!["type"] = new JsonArray("integer", "null");
                break;
            case "sent type":
                Schema(after, "ThingRequest")["properties"]!["name"]!["type"] = "string";
                break;
            case "sent member":
                Schema(after, "ThingRequest")["properties"]!["kind"]!["enum"] = new JsonArray("FULL");
                break;
            default:
                Schema(after, "ThingRequest")["required"] = new JsonArray("name");
                break;
        }

        Assert.Equal([expected], BreakingChanges.Between(Document(), after));
    }

    private static JsonObject Schema(JsonObject document, string name) => document["components"]!["schemas"]![name]!.AsObject();

    private static JsonObject Document() => JsonNode.Parse("""
        {
          "paths": { "/a": { "post": {
            "parameters": [{ "name": "page", "in": "query" }],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ThingRequest" } } } },
            "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } }
          } } },
          "components": { "schemas": {
            "Thing": { "type": "object", "properties": { "size": { "type": "integer" }, "kind": { "type": "string", "enum": ["FULL"] } } },
            "ThingRequest": { "type": "object", "properties": { "name": { "type": ["string", "null"] }, "kind": { "type": "string", "enum": ["FULL", "OLD"] } } }
          } }
        }
        """)!.AsObject();
}
