using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Templating.Contract;

namespace Templating.Kubectl.Load.Recipes;

/// <summary>The fields of one mapping that somebody wrote, each read with its limits. What is wrong goes to the faults, and reading goes on.</summary>
internal sealed class Fields
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    private readonly JsonObject _map;
    private readonly string _path;
    private readonly Faults _faults;
    private readonly List<string> _known = [];

    private Fields(JsonObject map, string path, Faults faults) => (_map, _path, _faults) = (map, path, faults);

    /// <returns>An empty one where it is no mapping, which then is a fault.</returns>
    public static Fields Of(JsonNode? node, string path, Faults faults)
    {
        if (node is JsonObject map)
        {
            return new Fields(map, path, faults);
        }

        faults.Add(path.Length == 0 ? "(document)" : path, $"Found {Found(node)}, a mapping is needed.");
        return new Fields([], path, faults) { IsBroken = true };
    }

    /// <summary>It was no mapping: that a field is not there is no fault of its own.</summary>
    public bool IsBroken { get; private init; }

    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    public bool Has(string name) => _map[name] is not null;

    public void Refuse(string name, string problem) => _faults.Add(PathOf(name), problem);

    /// <returns>Null where it is not there, or wrong.</returns>
    /// <param name="name">Of the field.</param>
    /// <param name="most">Letters.</param>
    /// <param name="pattern">Null for any text.</param>
    /// <param name="allowed">The pattern in words.</param>
    /// <param name="required">That it is missing is a fault.</param>
    public string? Text(string name, int most, string? pattern = null, string allowed = "text", bool required = false) =>
        Take(name, required, allowed) is { } node ? TextOf(node, PathOf(name), most, pattern, allowed) : null;

    public int? Whole(string name, int least, int most, bool required = false)
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
        if (Take(name, required, allowed) is not { } node)
        {
            return null;
        }

        if (node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<long>(out var number) && number >= least && number <= most)
        {
            return (int)number;
        }

        Refuse(name, $"Found {Found(node)}, {allowed} is needed.");
        return null;
    }

    public double? Number(string name, double least, double most, bool required = false)
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}");
        if (Take(name, required, allowed) is not { } node)
        {
            return null;
        }

        if (NumberOf(node) is { } number && number >= least && number <= most)
        {
            return number;
        }

        Refuse(name, $"Found {Found(node)}, {allowed} is needed.");
        return null;
    }

    public TimeSpan? Duration(string name, TimeSpan least, TimeSpan most, bool required = false)
    {
        var allowed = $"a duration from {DurationText.Format(least)} to {DurationText.Format(most)}, {DurationText.Allowed},";
        if (Take(name, required, allowed) is not { } node)
        {
            return null;
        }

        if (WordOf(node) is { } text && DurationText.TryParse(text, out var duration) && duration >= least && duration <= most)
        {
            return duration;
        }

        Refuse(name, $"Found {Found(node)}, {allowed} is needed.");
        return null;
    }

    public string? Choice(string name, IReadOnlyList<string> words, bool required = false)
    {
        var allowed = $"one of {string.Join(", ", words)}";
        if (Take(name, required, allowed) is not { } node)
        {
            return null;
        }

        if (WordOf(node) is { } word && words.Contains(word, StringComparer.Ordinal))
        {
            return word;
        }

        Refuse(name, $"Found {Found(node)}, {allowed} is needed.");
        return null;
    }

    public Fields? Map(string name) => Take(name, required: false, "a mapping") is { } node ? Of(node, PathOf(name), _faults) : null;

    /// <summary>Each item with its path; nothing where the list is not there.</summary>
    public IReadOnlyList<(JsonNode? Item, string Path)> List(string name, int most, bool required = false)
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"a list of 1 to {most}");
        if (Take(name, required, allowed) is not { } node)
        {
            return [];
        }

        if (node is JsonArray { Count: > 0 } items && items.Count <= most)
        {
            return [.. items.Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{PathOf(name)}[{i}]")))];
        }

        var found = node is JsonArray { Count: var count } ? string.Create(CultureInfo.InvariantCulture, $"a list of {count}") : Found(node);
        Refuse(name, $"Found {found}, {allowed} is needed.");
        return [];
    }

    public IReadOnlyList<string> Texts(string name, int most, int mostLetters, string? pattern = null, string allowed = "text") =>
        [.. List(name, most).Select(i => TextOf(i.Item, i.Path, mostLetters, pattern, allowed)).OfType<string>()];

    /// <summary>A milliseconds' or plain number, as a threshold has it.</summary>
    public double? Limit(string name, bool duration, double most) =>
        duration ? Duration(name, TimeSpan.Zero, RecipeLimits.MaxOver)?.TotalMilliseconds : Number(name, 0, most);

    /// <summary>Fields that may be there and are not looked at.</summary>
    public void Skip(params ReadOnlySpan<string> names) => _known.AddRange(names);

    /// <summary>After all that may be there was read: what else is there is a fault.</summary>
    public void End()
    {
        foreach (var name in _map.Select(field => field.Key).Except(_known, StringComparer.Ordinal))
        {
            Refuse(Quote(name), $"Unknown field; known are {string.Join(", ", _known)}.");
        }
    }

    private JsonNode? Take(string name, bool required, string allowed)
    {
        _known.Add(name);
        var node = _map[name];
        if (node is null && required && !IsBroken)
        {
            Refuse(name, $"It is missing, {allowed} is needed.");
        }

        return node;
    }

    /// <summary>For what options give in the place of a recipe's fields, too.</summary>
    public static bool IsText(string text, int most, string? pattern) =>
        text.Length > 0 && text.Length <= most && (pattern is null || Regex.IsMatch(text, pattern, RegexOptions.None, MatchLimit));

    private string? TextOf(JsonNode? node, string path, int most, string? pattern, string allowed)
    {
        if (WordOf(node) is not { } text)
        {
            _faults.Add(path, $"Found {Found(node)}, {allowed} is needed; put it in quotes.");
            return null;
        }

        if (!IsText(text, most, pattern))
        {
            _faults.Add(path, string.Create(CultureInfo.InvariantCulture, $"Found {Found(node)}, {allowed} of 1 to {most} letters is needed."));
            return null;
        }

        return text;
    }

    private static string? WordOf(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static double? NumberOf(JsonNode node) =>
        node.GetValueKind() == JsonValueKind.Number
            && double.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Found(JsonNode? node) => node switch
    {
        null => "nothing",
        JsonObject => "a mapping",
        JsonArray => "a list",
        // A number with a point is not shown as a whole one, which would be none of the faults that it has.
        JsonValue value when value.TryGetValue<double>(out var number) && !value.TryGetValue<long>(out _) && Math.Abs(number) < 1e15 =>
            number.ToString("0.0##############", CultureInfo.InvariantCulture),
        _ => Quote(node.ToJsonString()),
    };

    /// <summary>Long ones would bury the message.</summary>
    private static string Quote(string text) => text.Length <= 64 ? text : text[..64] + "...";
}
