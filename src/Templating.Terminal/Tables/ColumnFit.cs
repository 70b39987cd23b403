using System.Text;
using Spectre.Console;

namespace Templating.Terminal.Tables;

/// <summary>How wide the columns of a table become on a terminal that has no room for all of it.</summary>
internal static class ColumnFit
{
    /// <summary>Of a cell that is cut: less says nothing.</summary>
    public const int Least = 8;

    /// <summary>Between two columns.</summary>
    public const int Gap = 2;

    /// <summary>
    /// The widest give way first, down to <see cref="Least"/> or their header; then the last columns are left out. The first,
    /// which names the row, always stays.
    /// </summary>
    /// <param name="natural">What each would take, headers included.</param>
    /// <param name="headers">What their headers take.</param>
    /// <param name="width">Of the terminal.</param>
    /// <returns>The widths of the columns that are shown: the first ones.</returns>
    public static int[] Fit(IReadOnlyList<int> natural, IReadOnlyList<int> headers, int width)
    {
        for (var shown = natural.Count; shown > 1; shown--)
        {
            var room = width - (Gap * (shown - 1));
            var least = Enumerable.Range(0, shown).Select(i => Math.Min(natural[i], Math.Max(headers[i], Least))).ToArray();
            if (least.Sum() <= room)
            {
                return Shrink([.. natural.Take(shown)], least, room);
            }
        }

        return natural.Count == 0 ? [] : [Math.Max(1, Math.Min(natural[0], width))];
    }

    /// <summary>A text that ends with an ellipsis where it takes more than these columns.</summary>
    public static string Cut(string text, int width)
    {
        if (text.GetCellWidth() <= width)
        {
            return text;
        }

        var cut = new StringBuilder();
        var taken = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            taken += rune.ToString().GetCellWidth();
            if (taken > width)
            {
                break;
            }

            cut.Append(rune.ToString());
        }

        return cut.Append('…').ToString();
    }

    private static int[] Shrink(int[] widths, int[] least, int room)
    {
        for (var excess = widths.Sum() - room; excess > 0; excess--)
        {
            var widest = Enumerable.Range(0, widths.Length).Where(i => widths[i] > least[i]).MaxBy(i => widths[i]);
            widths[widest]--;
        }

        return widths;
    }
}
