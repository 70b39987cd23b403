using Spectre.Console;

namespace Templating.Terminal.Tables;

/// <summary>
/// Tables without frames, as kubectl's: good for people, for cut(1) and for awk(1). Lines are never wrapped, and only those
/// that a terminal has no room for are shortened.
/// </summary>
internal static class TableText
{
    // Wide enough for any row of what is no terminal.
    private const int Unlimited = 4096;

    /// <param name="header">False for rows that follow an earlier table.</param>
    /// <param name="widths">At least these; afterwards those that were used.</param>
    /// <param name="room">The columns of the terminal; null where nothing is to be cut.</param>
    public static string Render<T>(
        IReadOnlyList<Column<T>> columns, IEnumerable<T> rows, bool terminal, Func<string, string?> environment,
        bool header = true, int[]? widths = null, int? room = null)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = header };
        var cells = rows.Select(r => columns.Select(c => Cell(c, r)).ToArray()).ToList();
        var natural = widths ?? new int[columns.Count];
        for (var i = 0; i < columns.Count; i++)
        {
            natural[i] = cells.Aggregate(Math.Max(natural[i], columns[i].Header.Length), (most, row) => Math.Max(most, row[i].Text.GetCellWidth()));
        }

        var shown = room is { } width ? ColumnFit.Fit(natural, [.. columns.Select(c => c.Header.Length)], width) : natural;
        for (var i = 0; i < shown.Length; i++)
        {
            table.AddColumn(new TableColumn(new Text(ColumnFit.Cut(columns[i].Header, shown[i])))
            {
                NoWrap = true,
                Width = shown[i],
                Alignment = columns[i].Right ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, i == shown.Length - 1 ? 0 : ColumnFit.Gap, 0),
            });
        }

        foreach (var row in cells)
        {
            table.AddRow(row.Take(shown.Length).Select((c, i) =>
                new Text(ColumnFit.Cut(c.Text, shown[i]), c.Colour is { } colour ? new Style(colour) : Style.Plain)));
        }

        using var text = new StringWriter { NewLine = "\n" };
        Consoles.Create(text, terminal, Math.Max(Unlimited, shown.Sum() + (shown.Length * ColumnFit.Gap)), environment).Write(table);
        return string.Join('\n', text.ToString().ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd(' ')));
    }

    private static (string Text, Color? Colour) Cell<T>(Column<T> column, T row)
    {
        var text = PlainText.Of(column.Value(row));
        return (text.Length == 0 ? "-" : text, column.Colour?.Invoke(row));
    }
}
