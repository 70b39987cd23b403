using Templating.Cli.Exits;
using Templating.Contract;

namespace Templating.Cli.Parsing;

/// <summary>
/// Files of <c>KEY=VALUE</c> lines as docker's <c>--env-file</c>: blank lines and lines that begin with # are skipped,
/// nothing is unquoted or expanded. Every faulty line is named.
/// </summary>
internal static class EnvFile
{
    public static IReadOnlyDictionary<string, string> Parse(string name, string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var faults = new List<FieldViolation>();
        var number = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            number++;
            var line = raw.TrimStart(" \t");
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            if (!KeyValue.TryParse(line.ToString(), out var pair) || pair.Key.AsSpan().ContainsAny(' ', '\t'))
            {
                // The line itself may hold a secret; its number is enough.
                faults.Add(new FieldViolation($"{name}:{number}", $"Not {KeyValue.Allowed} with a name without blanks."));
            }
            else if (!values.TryAdd(pair.Key, pair.Value))
            {
                faults.Add(new FieldViolation($"{name}:{number}", $"{pair.Key} was set before; set it once."));
            }
        }

        return faults.Count == 0
            ? values
            : throw new CliException(ExitCode.Usage, $"The environment file '{name}' has faults.") { Violations = faults };
    }
}
