using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Templating.Contract;

namespace Templating.Cli.Parsing;

/// <summary>
/// Checks a tree that people wrote against a message's fields and makes it what Google's JsonParser takes. All faults
/// are gathered with their paths; that parser would stop at the first and not say where. Sizes may be written as 256MiB,
/// durations as 2m, enumerations short, and a command as one line for the shell.
/// </summary>
internal sealed class ProtoTree
{
    private readonly List<FieldViolation> _faults = [];

    public IReadOnlyList<FieldViolation> Faults => _faults;

    public JsonObject Message(JsonNode? node, MessageDescriptor descriptor, string path)
    {
        var result = new JsonObject();
        if (node is not JsonObject map)
        {
            Refuse(path, $"Found {Kind(node)}, a mapping is needed.");
            return result;
        }

        foreach (var (key, value) in map)
        {
            var inner = path.Length == 0 ? key : $"{path}.{key}";
            var field = Vocabulary.Find(descriptor, key);
            if (field is null)
            {
                Refuse(inner, ImpossibleWishes.ReasonOf(key) ?? $"Unknown field; known are {string.Join(", ", descriptor.Fields.InFieldNumberOrder().Select(f => f.Name))}.");
            }
            else if (result.ContainsKey(field.JsonName))
            {
                Refuse(inner, $"Is there twice, under two of its names: {string.Join(", ", Vocabulary.NamesOf(field))}.");
            }
            else if (value is not null)
            {
                result[field.JsonName] = field.IsRepeated ? List(value, field, inner)
                    : Vocabulary.IsSeconds(key) ? SecondsOf(value, inner) : Single(value, field, inner);
            }
        }

        return result;
    }

    private JsonArray List(JsonNode value, FieldDescriptor field, string path)
    {
        if (value is not JsonArray items)
        {
            Refuse(path, $"Found {Kind(value)}, a list is needed.");
            return [];
        }

        return new JsonArray([.. items.Select((item, i) => Single(item, field, $"{path}[{i}]"))]);
    }

    private JsonNode? Single(JsonNode? value, FieldDescriptor field, string path) => field.FieldType switch
    {
        FieldType.Message when field.MessageType == Duration.Descriptor => DurationOf(value, path),
        FieldType.Message when field.MessageType == V1.Command.Descriptor => CommandOf(value, path),
        FieldType.Message => Message(value, field.MessageType, path),
        FieldType.Enum => EnumOf(value, field.EnumType, path),
        FieldType.Bool => Is(value, JsonValueKind.True) || Is(value, JsonValueKind.False)
            ? value!.DeepClone() : Refuse(path, $"Found {Kind(value)}, true or false is needed."),
        FieldType.Int32 => Whole(value, path, int.MinValue, int.MaxValue),
        FieldType.Int64 => field.Name.EndsWith("_bytes", StringComparison.Ordinal) ? SizeOf(value, path) : Whole(value, path, long.MinValue, long.MaxValue),
        FieldType.String => Is(value, JsonValueKind.String)
            ? value!.DeepClone() : Refuse(path, $"Found {Kind(value)}, text is needed; put it in quotes."),
        _ => throw new InvalidOperationException($"No rule for {field.FullName} of type {field.FieldType}."),
    };

    private JsonObject CommandOf(JsonNode? value, string path) => value switch
    {
        JsonObject => Message(value, V1.Command.Descriptor, path),
        JsonArray => Message(new JsonObject { ["arguments"] = value.DeepClone() }, V1.Command.Descriptor, path),
        _ when Is(value, JsonValueKind.String) =>
            new JsonObject { ["arguments"] = new JsonArray("/bin/sh", "-c", value!.GetValue<string>()) },
        _ => Message(value, V1.Command.Descriptor, path),
    };

    private JsonNode? DurationOf(JsonNode? value, string path) =>
        Is(value, JsonValueKind.String) && DurationText.TryParse(value!.GetValue<string>(), out var duration)
            ? JsonValue.Create((duration.Ticks / (decimal)TimeSpan.TicksPerSecond).ToString("0.#######", CultureInfo.InvariantCulture) + "s")
            : Refuse(path, $"Found {Kind(value)}, a duration is needed: {DurationText.Allowed}.");

    private JsonValue? SecondsOf(JsonNode? value, string path) =>
        Whole(value, path, 0, int.MaxValue) is { } seconds ? JsonValue.Create(seconds.ToJsonString() + "s") : null;

    private JsonNode? SizeOf(JsonNode? value, string path) =>
        Is(value, JsonValueKind.String)
            ? ByteSize.TryParse(value!.GetValue<string>(), out var bytes)
                ? JsonValue.Create(bytes)
                : Refuse(path, $"Found {Kind(value)}, a size is needed: {ByteSize.Allowed}.")
            : Whole(value, path, long.MinValue, long.MaxValue);

    private JsonNode? Whole(JsonNode? value, string path, long least, long most)
    {
        var text = Is(value, JsonValueKind.String) ? value!.GetValue<string>() : Is(value, JsonValueKind.Number) ? value!.ToJsonString() : "";
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? JsonValue.Create(number)
            : Refuse(path, $"Found {Kind(value)}, a whole number is needed.");
    }

    private JsonNode? EnumOf(JsonNode? value, EnumDescriptor descriptor, string path)
    {
        // ACCELERATOR_UNSPECIFIED tells the prefix that all of them have.
        var zero = descriptor.Values[0].Name;
        var prefix = zero[..(zero.LastIndexOf('_') + 1)];
        var word = Is(value, JsonValueKind.String) ? value!.GetValue<string>() : "";
        var match = descriptor.Values.FirstOrDefault(v =>
            string.Equals(v.Name, word, StringComparison.OrdinalIgnoreCase) || string.Equals(v.Name, prefix + word, StringComparison.OrdinalIgnoreCase));
        return match is null
            ? Refuse(path, $"Found {Kind(value)}, one of these is needed: {string.Join(", ", descriptor.Values.Skip(1).Select(v => v.Name[prefix.Length..].ToLowerInvariant()))}.")
            : JsonValue.Create(match.Name);
    }

    private JsonNode? Refuse(string path, string problem)
    {
        _faults.Add(new FieldViolation(path.Length == 0 ? "(document)" : path, problem));
        return null;
    }

    private static bool Is(JsonNode? value, JsonValueKind kind) => value?.GetValueKind() == kind;

    private static string Kind(JsonNode? value) => value switch
    {
        null => "nothing",
        JsonObject => "a mapping",
        JsonArray => "a list",
        // Long values would bury the message.
        _ => value.ToJsonString() is { Length: <= 64 } text ? text : value.ToJsonString()[..64] + "...",
    };
}
