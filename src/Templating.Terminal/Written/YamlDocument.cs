using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Templating.Terminal.Written;

/// <summary>
/// One YAML document (JSON is YAML) as a JSON tree, by events: no reflection, no tags, and no aliases, whose expansion
/// can be made to grow without bound.
/// </summary>
internal static class YamlDocument
{
    // What people write for us has five levels; a document with hundreds is out to exhaust the stack.
    private const int MaxDepth = 32;

    /// <exception cref="FormatException">The text is not such a document; the message has line and column.</exception>
    public static JsonNode? Parse(string name, string text)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _))
            {
                return null;
            }

            parser.Consume<DocumentStart>();
            var node = Read(name, parser, 0);
            parser.Consume<DocumentEnd>();
            return parser.Current is StreamEnd
                ? node
                : throw Fault(name, parser.Current!.Start, "a second document begins; give one");
        }
        catch (YamlException e)
        {
            throw new FormatException($"{name}:{e.Start.Line}:{e.Start.Column}: {e.Message}", e);
        }
    }

    private static JsonNode? Read(string name, Parser parser, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Fault(name, parser.Current!.Start, $"nested deeper than {MaxDepth} levels");
        }

        if (parser.Current is NodeEvent { Tag.IsEmpty: false } tagged)
        {
            throw Fault(name, tagged.Start, "tags are not supported");
        }

        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            throw Fault(name, alias.Start, "aliases are not supported");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return Value(scalar);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                list.Add(Read(name, parser, depth + 1));
            }

            return list;
        }

        parser.Consume<MappingStart>();
        var map = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key))
            {
                throw Fault(name, parser.Current!.Start, "a key must be a word");
            }

            if (!map.TryAdd(key.Value, Read(name, parser, depth + 1)))
            {
                throw Fault(name, key.Start, $"'{key.Value}' is there twice");
            }
        }

        return map;
    }

    private static JsonValue? Value(Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(scalar.Value);
        }

        return scalar.Value switch
        {
            "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            var text when char.IsAsciiDigit(text[^1])
                && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            var text => JsonValue.Create(text),
        };
    }

    private static FormatException Fault(string name, Mark at, string problem) =>
        new($"{name}:{at.Line}:{at.Column}: {problem}.");
}
