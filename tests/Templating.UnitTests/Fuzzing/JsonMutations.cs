using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Templating.Testing;

namespace Templating.UnitTests.Fuzzing;

/// <summary>A sound JSON text with something in it replaced, taken away, doubled, nested, or broken in its bytes.</summary>
internal static class JsonMutations
{
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1", "2147483648", "-9223372036854775808", "9223372036854775808", "1e400", "-0.0", "0.1", "[]", "{}", "[[]]", "[null]", "\"\"",
        "\"a\"", "\"*\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\u001b[2J\"", "\"../..\"", "\"1s\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59+14:00\"",
        "\"00000000-0000-0000-0000-000000000000\"", "\"" + new string('x', 300) + "\"", new string('[', 80) + new string(']', 80), "{\"\\ud800\":1}", "{\"a\":1,\"a\":2}",
    ];

    public static Gen<byte[]> Of(params string[] sound) =>
        Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Int, Gen.Int[0, 3]).Select((which, seed, times) =>
        {
            var random = new Dice(seed);
            var text = sound[which];
            for (var i = 0; i < times; i++)
            {
                text = Mutate(text, random);
            }

            var bytes = Encoding.UTF8.GetBytes(text);
            if (random.Next(4) == 0 && bytes.Length > 0)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            return random.Next(10) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
        });

    private static string Mutate(string text, Dice random)
    {
        // A value stands where a mark was put into the tree, so that it may be what no tree can hold.
        const string Mark = "\u0002";
        if (Parse(text) is not { } root)
        {
            return text;
        }

        var places = Places(root).ToList();
        if (places.Count == 0)
        {
            return random.Of(Values);
        }

        var (parent, key, index) = places[random.Next(places.Count)];
        var value = random.Of(Values);
        switch (parent, random.Next(4))
        {
            case (JsonObject o, 0):
                o.Remove(key!);
                break;
            case (JsonObject o, 1):
                o[random.Next(2) == 0 ? key + "x" : key!.ToUpperInvariant()] = Mark;
                break;
            case (JsonObject o, _):
                o[key!] = Mark;
                break;
            case (JsonArray a, 0):
                a.RemoveAt(index);
                break;
            case (JsonArray a, 1):
                a.Insert(index, a[index]?.DeepClone());
                break;
            case (JsonArray a, _):
                a[index] = Mark;
                break;
        }

        return root.ToJsonString().Replace("\"\\u0002\"", value, StringComparison.Ordinal);
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            var node = JsonNode.Parse(text);
            _ = Places(node!).Count();
            _ = node!.ToJsonString();
            return node;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or ArgumentException or InvalidOperationException or NullReferenceException)
        {
            return null;
        }
    }

    private static IEnumerable<(JsonNode Parent, string? Key, int Index)> Places(JsonNode node) => node switch
    {
        JsonObject o => o.ToList().SelectMany(p => (p.Value is null ? [] : Places(p.Value)).Prepend((o, p.Key, 0))),
        JsonArray a => a.ToList().SelectMany((item, i) => (item is null ? [] : Places(item)).Prepend((a, null, i))),
        _ => [],
    };
}
