using System.Text.Json;

namespace Templating.Qemu.Qmp;

internal sealed record QmpEvent(string Name, JsonElement Data)
{
    /// <summary>A text member of the event's data; null where there is none.</summary>
    public string? Text(string member) => Data.Text(member);
}
