using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Templating.Core.Store;

/// <summary>Durations as protobuf's JSON mapping writes them: decimal seconds and an <c>s</c>, as in <c>120s</c>, <c>1.5s</c>.</summary>
internal sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        // At most 7 digits after the point: a TimeSpan counts 100 ns.
        if (text is { Length: >= 2 and <= 20 } && text[^1] == 's' && char.IsAsciiDigit(text[0]) && char.IsAsciiDigit(text[^2])
            && decimal.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= 1_000_000_000 && decimal.Truncate(seconds * TimeSpan.TicksPerSecond) == seconds * TimeSpan.TicksPerSecond)
        {
            return new TimeSpan((long)(seconds * TimeSpan.TicksPerSecond));
        }

        throw new JsonException("A duration is written as decimal seconds and an s, as in \"1.5s\".");
    }

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(((decimal)value.Ticks / TimeSpan.TicksPerSecond).ToString("0.#######", CultureInfo.InvariantCulture) + "s");
}
