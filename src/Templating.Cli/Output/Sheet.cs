using Templating.Terminal.Tables;

namespace Templating.Cli.Output;

/// <summary>One object as lines of <c>Label:  value</c>; empty values are left out.</summary>
internal static class Sheet
{
    public static string Render(IEnumerable<(string Label, string Value)> lines, bool terminal, Func<string, string?> environment)
    {
        IReadOnlyList<Column<(string Label, string Value)>> columns =
        [
            new("", l => l.Label + ":"),
            new("", l => l.Value),
        ];
        return TableText.Render(columns, lines.Where(l => l.Value.Length > 0), terminal, environment, header: false);
    }
}
