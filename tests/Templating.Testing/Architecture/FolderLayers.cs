using System.Reflection;

namespace Templating.Testing.Architecture;

/// <summary>
/// The circles between the folders of a project. A folder is a namespace; at every depth those within one folder are compared
/// with each other, each with all that is below it, and with the files that lie beside them ("."). What is compared is what
/// the compiler wrote: a constant of another folder leaves no trace in it.
/// </summary>
public static class FolderLayers
{
    /// <returns>One text for each circle, with a use for each of its edges; none where the folders are layers.</returns>
    public static IReadOnlyList<string> Circles(Assembly assembly, string root)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var uses = assembly.GetTypes().Where(type => Folder(type, root) is not null)
            .SelectMany(type => TypeUses.Of(type).Where(used => used.Assembly == assembly && Folder(used, root) is not null).Select(used => new Use(type, used)))
            .ToList();
        return [.. Levels(uses, root).Order(StringComparer.Ordinal).SelectMany(level => CirclesWithin(level, uses))];
    }

    private static IEnumerable<string> Levels(List<Use> uses, string root) => uses.Select(use => use.From.Namespace!).Distinct(StringComparer.Ordinal)
        .SelectMany(name => Ancestors(name, root)).Append(root).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> Ancestors(string name, string root)
    {
        for (; name.Length >= root.Length; name = name[..name.LastIndexOf('.')])
        {
            yield return name;
        }
    }

    private static IEnumerable<string> CirclesWithin(string level, List<Use> uses)
    {
        var edges = uses.Select(use => (From: Folder(use.From, level), To: Folder(use.To, level), Use: use))
            .Where(edge => edge.From is not null && edge.To is not null && edge.From != edge.To)
            .GroupBy(edge => (From: edge.From!, To: edge.To!)).ToDictionary(group => group.Key, group => group.First().Use);
        var circle = edges.Keys.Where(edge => Reaches(edges.Keys, edge.To, edge.From)).Order().ToList();
        if (circle.Count > 0)
        {
            yield return $"{level}: {string.Join("; ", circle.Select(edge => $"{edge.From} -> {edge.To} ({Name(edges[edge].From)} uses {Name(edges[edge].To)})"))}";
        }
    }

    private static bool Reaches(IReadOnlyCollection<(string From, string To)> edges, string from, string to)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { from };
        var next = new Queue<string>(seen);
        while (next.TryDequeue(out var folder))
        {
            foreach (var edge in edges.Where(edge => edge.From == folder && seen.Add(edge.To)))
            {
                next.Enqueue(edge.To);
            }
        }

        return seen.Contains(to);
    }

    /// <summary>Of the type that a person wrote, where the compiler put another into it.</summary>
    private static string Name(Type type) => type.DeclaringType is { } outer ? Name(outer) : type.Name;

    /// <returns>The folder of that level a type is in, with "." for the level itself; null where it is elsewhere.</returns>
    private static string? Folder(Type type, string level) => type.Namespace is not { } name ? null
        : name == level ? "."
        : name.StartsWith(level + ".", StringComparison.Ordinal) ? name[(level.Length + 1)..].Split('.')[0]
        : null;

    private sealed record Use(Type From, Type To);
}
