using System.CommandLine;

namespace Templating.Terminal.Commands;

/// <summary>
/// What may have been meant by a word that is none. System.CommandLine has such a thing, which leaves out the options of the
/// commands above and proposes `ls` for every word of three letters.
/// </summary>
internal static class Suggestions
{
    private const int MostShown = 3;

    /// <summary>Words of docker and kubectl, and ours where a command has it.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ps"] = "list",
        ["get"] = "list",
        ["describe"] = "show",
        ["inspect"] = "show",
        ["info"] = "show",
        ["logs"] = "console",
        ["log"] = "console",
        ["attach"] = "console",
        ["run"] = "create",
        ["start"] = "create",
        ["build"] = "create",
        ["new"] = "create",
        ["apply"] = "create",
        ["kill"] = "stop",
        ["remove"] = "delete",
        ["ssh"] = "exec",
        ["unpause"] = "resume",
        ["check"] = "verify",
        ["prune"] = "gc",
        ["daemon"] = "serve",
        ["vm"] = "clone",
        ["image"] = "template",
        ["--all-namespaces"] = "--all-tenants",
        ["--namespace"] = "--tenant",
        ["--follow"] = "--watch",
        ["--name"] = "--id",
        ["--publish"] = "--forward",
        ["--time"] = "--grace",
        ["--grace-period"] = "--grace",
        ["--memory-bytes"] = "--memory",
        ["--format"] = "--output",
        ["--host"] = "--address",
    };

    public static IReadOnlyList<string> For(string word, Command command)
    {
        if (word.Length == 0)
        {
            return [];
        }

        var known = word.StartsWith('-') ? Options(command) : Commands(command);
        if (Elsewhere.TryGetValue(word, out var ours) && known.Contains(ours, StringComparer.Ordinal))
        {
            return [ours];
        }

        return
        [
            .. known.Select(name => (Name: name, Distance: Distance(word, name)))
                .Where(near => near.Distance <= Math.Max(1, near.Name.TrimStart('-').Length / 3) || IsBeginning(word, near.Name))
                .OrderBy(near => near.Distance).ThenBy(near => near.Name, StringComparer.Ordinal)
                .Take(MostShown).Select(near => near.Name),
        ];
    }

    /// <summary>"Did you mean 'a' or 'b'?", empty for none.</summary>
    public static string Text(string word, Command command) =>
        For(word, command) is { Count: > 0 } near ? $"Did you mean {string.Join(" or ", near.Select(n => $"'{n}'"))}?" : "";

    private static bool IsBeginning(string word, string name) => word.TrimStart('-').Length >= 2 && name.StartsWith(word, StringComparison.OrdinalIgnoreCase);

    private static List<string> Commands(Command command) =>
        [.. command.Subcommands.Where(c => !c.Hidden).SelectMany(c => (string[])[c.Name, .. c.Aliases.Where(a => a.Length > 2)])];

    /// <summary>Those of the commands above, too.</summary>
    private static List<string> Options(Command command) =>
    [
        .. command.Options.Where(o => !o.Hidden).SelectMany(Names),
        .. command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(o => o.Recursive && !o.Hidden).SelectMany(Names)),
        .. command.Parents.OfType<Command>().SelectMany(parent => parent.Parents.OfType<Command>()).SelectMany(top => top.Options.Where(o => o.Recursive && !o.Hidden).SelectMany(Names)),
    ];

    private static IEnumerable<string> Names(Option option) => ((string[])[option.Name, .. option.Aliases]).Where(n => n.StartsWith("--", StringComparison.Ordinal));

    /// <summary>Levenshtein's, where two letters that changed places are one step (Damerau).</summary>
    private static int Distance(string a, string b)
    {
        var steps = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                steps[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1,
                    steps[i - 1, j - 1] + (char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
                }
            }
        }

        return steps[a.Length, b.Length];
    }
}
