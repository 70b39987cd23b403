using Templating.Contract;
using Tomlyn;
using Tomlyn.Model;
using Tomlyn.Parsing;
using Tomlyn.Serialization;

namespace Templating.Node.Commands.Runtimes;

/// <summary>TOML as a tree of tables.</summary>
internal static class TomlTree
{
    /// <returns>Null where it is none, and then why.</returns>
    public static TomlTable? TryParse(string text, out string problem)
    {
        problem = "";
        var document = SyntaxParser.Parse(text, sourceName: null, validate: true);
        if (document.HasErrors)
        {
            problem = string.Join(" ", document.Diagnostics.Take(3).Select(d => d.ToString()));
            return null;
        }

        try
        {
            return TomlSerializer.Deserialize(text, TomlTreeContext.Default.TomlTable) ?? [];
        }
        catch (TomlException e)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <returns>Null where there is none, or something else is in its place.</returns>
    public static TomlTable? Find(TomlTable tree, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (!tree.TryGetValue(key, out var value) || value is not TomlTable table)
            {
                return null;
            }

            tree = table;
        }

        return tree;
    }

    public static IReadOnlyList<string> Texts(TomlTable tree, string key) =>
        tree.TryGetValue(key, out var value) && value is TomlArray array ? [.. array.OfType<string>()] : [];

    /// <summary>Puts what <paramref name="more"/> has beside what is there.</summary>
    /// <returns>False where both have the same.</returns>
    public static bool TryMerge(TomlTable tree, TomlTable more)
    {
        foreach (var (key, value) in more)
        {
            if (!tree.TryGetValue(key, out var there))
            {
                tree.Add(key, value!);
            }
            else if (there is not TomlTable table || value is not TomlTable beside || !TryMerge(table, beside))
            {
                return false;
            }
        }

        return true;
    }

    public static bool Same(object? one, object? other) => (one, other) switch
    {
        (TomlTable a, TomlTable b) => a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var value) && Same(p.Value, value)),
        (TomlArray a, TomlArray b) => a.Count == b.Count && a.Zip(b).All(p => Same(p.First, p.Second)),
        (TomlTableArray a, TomlTableArray b) => a.Count == b.Count && a.Zip(b).All(p => Same(p.First, p.Second)),
        _ => Equals(one, other),
    };

    /// <summary>A basic string, in quotes.</summary>
    public static string Text(string value)
    {
        // Paths and names that were judged before; what else there may be is not for a file that all containers depend on.
        if (value.Any(c => char.IsControl(c) || c is '"' or '\\'))
        {
            throw new ArgumentException($"{Quote.Text(value)} is not written into a configuration.", nameof(value));
        }

        return $"\"{value}\"";
    }
}

[TomlSerializable(typeof(TomlTable))]
internal sealed partial class TomlTreeContext : TomlSerializerContext;
