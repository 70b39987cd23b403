using System.Text;

namespace Templating.Contract;

/// <summary>Puts text that others wrote into messages: bounded, and with nothing in it that moves a terminal's cursor.</summary>
public static class Quote
{
    private const int MaxShown = 80;

    public static string Text(string? text)
    {
        if (text is null)
        {
            return "(nothing)";
        }

        var shown = new StringBuilder("'");
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MaxShown)))
        {
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format
                ? '?'
                : c);
        }

        return shown.Append(text.Length > MaxShown ? "...'" : "'").ToString();
    }
}
