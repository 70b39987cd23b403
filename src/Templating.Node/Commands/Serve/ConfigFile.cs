using System.Text;
using System.Text.Json;
using Templating.Contract;

namespace Templating.Node.Commands.Serve;

/// <summary>
/// The daemon's configuration: one JSON object (comments and trailing commas are fine) with the fields of
/// <see cref="Settings"/>. Unknown and doubled fields are refused, all faults together; null means the default.
/// </summary>
internal static class ConfigFile
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 8,
    };

    // All settings at their longest are a few KiB; what is larger is another file.
    private const int MaxBytes = 1 << 20;

    public static Dictionary<Setting, IReadOnlyList<string>> Read(string path, List<FieldViolation> faults)
    {
        try
        {
            return Parse(path, WrittenText.ReadFile(path, MaxBytes), faults);
        }
        catch (FormatException e)
        {
            faults.Add(new FieldViolation(path, e.Message));
            return [];
        }
    }

    /// <returns>The values of each setting that is there.</returns>
    public static Dictionary<Setting, IReadOnlyList<string>> Parse(string name, string text, List<FieldViolation> faults)
    {
        var values = new Dictionary<Setting, IReadOnlyList<string>>();
        try
        {
            using var document = JsonTexts.Parse(Encoding.UTF8.GetBytes(text), Lenient);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                Read(name, document.RootElement, "", values, faults);
            }
            else
            {
                faults.Add(new FieldViolation(name, "An object is needed: { ... }."));
            }
        }
        catch (JsonException e)
        {
            faults.Add(new FieldViolation($"{name}:{e.LineNumber + 1}", "Not JSON: " + e.Message));
        }

        return values;
    }

    private static void Read(
        string name, JsonElement element, string group, Dictionary<Setting, IReadOnlyList<string>> values, List<FieldViolation> faults)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            var path = group.Length == 0 ? property.Name : $"{group}.{property.Name}";
            var field = $"{name}: {path}";
            if (!seen.Add(property.Name))
            {
                faults.Add(new FieldViolation(field, "Is there twice."));
            }
            else if (Settings.All.FirstOrDefault(s => string.Equals(s.FieldPath, path, StringComparison.Ordinal)) is { } setting)
            {
                if (Values(property.Value, setting) is not { } found)
                {
                    faults.Add(new FieldViolation(field, setting.Many ? "A list of texts is needed." : "A text or a number is needed."));
                }
                else if (property.Value.ValueKind != JsonValueKind.Null)
                {
                    values[setting] = found;
                }
            }
            else if (group.Length == 0 && Settings.All.Any(s => string.Equals(s.GroupField, property.Name, StringComparison.Ordinal)))
            {
                ReadGroup(name, property, values, faults);
            }
            else
            {
                faults.Add(new FieldViolation(field, "Unknown; docs/cli.md lists what there is."));
            }
        }
    }

    private static void ReadGroup(
        string name, JsonProperty property, Dictionary<Setting, IReadOnlyList<string>> values, List<FieldViolation> faults)
    {
        if (property.Value.ValueKind == JsonValueKind.Object)
        {
            Read(name, property.Value, property.Name, values, faults);
        }
        else if (property.Value.ValueKind != JsonValueKind.Null)
        {
            faults.Add(new FieldViolation($"{name}: {property.Name}", "An object is needed: { ... }."));
        }
    }

    private static IReadOnlyList<string>? Values(JsonElement element, Setting setting) => element.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Array when setting.Many && element.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String) =>
            [.. element.EnumerateArray().Select(e => e.GetString()!)],
        JsonValueKind.String when !setting.Many => [element.GetString()!],
        JsonValueKind.Number when !setting.Many => [element.GetRawText()],
        _ => null,
    };
}
