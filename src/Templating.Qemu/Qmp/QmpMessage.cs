using System.Buffers;
using System.Text;
using System.Text.Json;
using Templating.Core.Errors;

namespace Templating.Qemu.Qmp;

/// <summary>One line of the QEMU Machine Protocol (docs/interop/qmp-spec.rst), written and read.</summary>
internal static class QmpMessage
{
    /// <summary>How much of nonsense a message quotes.</summary>
    private const int QuotedBytes = 80;

    /// <summary>The deepest answer of the commands used here has 6 levels; a deeper one is not QEMU's.</summary>
    private static readonly JsonDocumentOptions Limits = new() { MaxDepth = 16 };

    /// <summary>
    /// The longest answer used (query-cpu-definitions) has 10,000. Each costs 12 bytes beside its own, so that a line of nothing
    /// but "0,0,0" would cost six times its length.
    /// </summary>
    public const int MaxTokens = 65_536;

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
            if (!HasFewTokens(line.Span))
            {
                throw new TemplatingException(code, $"{peer} sent JSON of more than {MaxTokens} tokens: '{Quote(line.Span)}'.");
            }

            using var document = JsonDocument.Parse(line, Limits);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                // A lone surrogate passes the parser and throws only when the text is read: refuse it here.
                var root = document.RootElement.Clone();
                return root;
            }
        }
        catch (JsonException)
        {
            // Said below, with what was found.
        }

        throw new TemplatingException(code, $"{peer} sent what is not a JSON object: '{Quote(line.Span)}'.");
    }

    /// <exception cref="JsonException">It is not JSON.</exception>
    private static bool HasFewTokens(ReadOnlySpan<byte> line)
    {
        // A token has a byte at least.
        if (line.Length <= MaxTokens)
        {
            return true;
        }

        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = Limits.MaxDepth });
        for (var tokens = 0; tokens <= MaxTokens; tokens++)
        {
            if (!reader.Read())
            {
                return true;
            }
        }

        return false;
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
