using System.Text;
using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Frames;

/// <summary>What an answer of the guest says.</summary>
internal static class Answers
{
    public static OwnerPortException Unexpected(Frame frame, string what) =>
        new($"The guest sent {frame.Type} on stream {frame.Stream}, which is for {what}.");

    public static GuestRefusedException Refusal(Frame frame, string request)
    {
        var fields = new FieldReader(frame.Type, frame.Payload.Span);
        return new GuestRefusedException(request, fields.U32(), Words(fields.Rest()));
    }

    /// <summary>The guest's words for people: as much as one reads, and nothing that a terminal or a log would obey.</summary>
    public static string Words(ReadOnlySpan<byte> bytes)
    {
        var words = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, PortLimits.Words)]);
        return string.Create(words.Length, words, (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = IsPlain(from[i]) ? from[i] : '?';
            }
        });
    }

    /// <summary>No control characters, and none of those that turn the direction of what follows.</summary>
    private static bool IsPlain(char c) => !char.IsControl(c) && char.GetUnicodeCategory(c) is not
        (System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator);
}
