using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Templating.Operator.Cluster;

/// <summary>
/// Reads short texts as one instance where the same came before: labels' names, conditions' types and reasons, names of nodes and
/// templates come with every object. It remembers as many as it has places; a text takes the place of another, so it does not grow.
/// </summary>
internal sealed class SharedTexts : JsonConverter<string>
{
    /// <summary>Longer ones seldom come twice.</summary>
    private const int MaxBytes = 80;

    private const int Places = 4096;

    private readonly string?[] _texts = new string?[Places];

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Text(ref reader);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Text(ref reader)!;

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);

    private string? Text(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length > MaxBytes)
        {
            return reader.GetString();
        }

        var bytes = reader.ValueSpan;
        var hash = new HashCode();
        hash.AddBytes(bytes);
        ref var place = ref _texts[(uint)hash.ToHashCode() % Places];
        var text = place;
        if (text is null || !Ascii.Equals(bytes, text))
        {
            place = text = reader.GetString();
        }

        return text;
    }
}
