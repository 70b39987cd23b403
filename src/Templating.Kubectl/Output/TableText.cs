using Spectre.Console;

namespace Templating.Kubectl.Output;

/// <summary>A table as kubectl prints one: no lines, capitals above, nothing broken into lines.</summary>
internal static class TableText
{
    public static string Of(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().NoBorder();
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)).PadLeft(0).PadRight(3).NoWrap());
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        using var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = int.MaxValue / 2;
        console.Write(table);
        return string.Concat(text.ToString().Split('\n').Where(line => line.Length > 0).Select(line => line.TrimEnd() + "\n"));
    }
}
