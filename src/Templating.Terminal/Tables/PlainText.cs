using System.Text;

namespace Templating.Terminal.Tables;

/// <summary>
/// Text that came from elsewhere, made fit for a terminal: a guest chooses its hostname and its last words, and must
/// not move the cursor or rename the window of whoever lists it.
/// </summary>
internal static class PlainText
{
    public static string Of(string text) => text.Any(IsUnfit) ? Clean(text) : text;

    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            clean.Append(c is '\n' or '\t' ? ' ' : IsUnfit(c) ? '\uFFFD' : c);
        }

        return clean.ToString();
    }

    private static bool IsUnfit(char c) => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
