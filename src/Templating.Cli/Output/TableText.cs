using Spectre.Console;

namespace Templating.Cli.Output;

/// <summary>
/// Tables without frames, as kubectl's: good for people, for cut(1) and for awk(1). Lines are never wrapped or shortened.
/// </summary>
internal static class TableText
{
    // Wide enough for any row; the terminal wraps, not we.
    private const int Unlimited = 4096;

    /// <param name="header">False for rows that follow an earlier table.</param>
    /// <param name="widths">At least these; afterwards those that were used.</param>
    public static string Render<T>(
        IReadOnlyList<Column<T>> columns, IEnumerable<T> rows, bool terminal, Func<string, string?> environment,
        bool header = true, int[]? widths = null)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = header };
        var cells = rows.Select(r => columns.Select(c => Cell(c, r)).ToArray()).ToList();
        for (var i = 0; i < columns.Count; i++)
        {
            var width = cells.Aggregate(columns[i].Header.Length, (most, row) => Math.Max(most, row[i].Text.Length));
            if (widths is not null)
            {
                width = widths[i] = Math.Max(width, widths[i]);
            }

            table.AddColumn(new TableColumn(new Text(columns[i].Header))
            {
                NoWrap = true,
                Width = width,
                Alignment = columns[i].Right ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, i == columns.Count - 1 ? 0 : 2, 0),
            });
        }

        foreach (var row in cells)
        {
            table.AddRow(row.Select(c => new Text(c.Text, c.Colour is { } colour ? new Style(colour) : Style.Plain)));
        }

        using var text = new StringWriter { NewLine = "\n" };
        Consoles.Create(text, terminal, Unlimited, environment).Write(table);
        return string.Join('\n', text.ToString().ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd(' ')));
    }

    private static (string Text, Color? Colour) Cell<T>(Column<T> column, T row)
    {
        var text = PlainText.Of(column.Value(row));
        return (text.Length == 0 ? "-" : text, column.Colour?.Invoke(row));
    }
}
