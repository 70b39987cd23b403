using System.Buffers;
using System.Text;
using System.Text.Json;
using Templating.Contract;
using Templating.Core.Errors;

namespace Templating.Qemu.Qmp;

/// <summary>One line of the QEMU Machine Protocol (docs/interop/qmp-spec.rst), written and read.</summary>
internal static class QmpMessage
{
    /// <summary>How much of nonsense a message quotes.</summary>
    private const int QuotedBytes = 80;

    /// <summary>The deepest answer of the commands used here has 6 levels; a deeper one is not QEMU's.</summary>
    private static readonly JsonDocumentOptions Limits = new() { MaxDepth = 16 };

    public static byte[] Command(string name, long? id, Action<Utf8JsonWriter>? arguments)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("execute", name);
            if (arguments is not null)
            {
                writer.WriteStartObject("arguments");
                arguments(writer);
                writer.WriteEndObject();
            }

            if (id is { } number)
            {
                writer.WriteNumber("id", number);
            }

            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    public static JsonElement Parse(ReadOnlyMemory<byte> line, ErrorCode code, string peer)
    {
        try
        {
            using var document = JsonTexts.Parse(line, Limits);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document.RootElement.Clone();
            }
        }
        catch (JsonException)
        {
            // Said below, with what was found.
        }

        throw new TemplatingException(code, $"{peer} sent what is not a JSON object: '{Quote(line.Span)}'.");
    }

    /// <summary>The beginning of a line, with everything but printable ASCII replaced.</summary>
    public static string Quote(ReadOnlySpan<byte> line)
    {
        var text = new StringBuilder(QuotedBytes);
        foreach (var b in line[..Math.Min(line.Length, QuotedBytes)])
        {
            text.Append(b is >= 0x20 and < 0x7f ? (char)b : '?');
        }

        return text.Append(line.Length > QuotedBytes ? "..." : "").ToString();
    }
}
