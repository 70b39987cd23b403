using System.Globalization;
using System.Text.Json;

namespace Templating.Kubectl.Output;

/// <summary>Bytes. Of what is shared, Proportional has this VM's part.</summary>
internal sealed record VmMemory(long Resident, long Proportional, long Private, long RamPrivate)
{
    /// <summary>Reads what `templating pod status --memory -o json` prints; null where there is no memory in it.</summary>
    public static VmMemory? Parse(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("memory", out var memory) && memory.ValueKind == JsonValueKind.Object
                ? new(Number(memory, "resident"), Number(memory, "proportional"), Number(memory, "private"), Number(memory, "ramPrivate"))
                : null;
        }
        catch (JsonException)
        {
            // A VM of another version: it is shown without memory.
            return null;
        }
    }

    /// <summary>64-bit numbers are texts in protobuf's JSON; zero is left out.</summary>
    private static long Number(JsonElement memory, string name) => !memory.TryGetProperty(name, out var value) ? 0
        : value.ValueKind == JsonValueKind.Number ? value.GetInt64()
        : long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
