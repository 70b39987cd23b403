using System.Text.Json;
using Templating.Core.Errors;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.Plugging;

/// <summary>A place for a vCPU, as query-hotpluggable-cpus has it.</summary>
/// <param name="Driver">What is plugged there.</param>
/// <param name="Place">Where: socket, core and the like by QEMU's names.</param>
/// <param name="IsTaken">Whether one is there.</param>
internal sealed record CpuSlot(string Driver, IReadOnlyList<KeyValuePair<string, long>> Place, bool IsTaken)
{
    /// <summary>From the outside in; what a machine has not, it does not name.</summary>
    private static readonly string[] Levels = ["socket-id", "die-id", "module-id", "core-id", "thread-id"];

    /// <summary>In the order in which a guest numbers them.</summary>
    public static IReadOnlyList<CpuSlot> Parse(JsonElement list)
    {
        var slots = new List<CpuSlot>();
        foreach (var item in list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default)
        {
            if (item.Text("type") is not { Length: > 0 } driver || item.Member("props") is not { ValueKind: JsonValueKind.Object } place)
            {
                throw new TemplatingException(ErrorCode.QmpFailed, "QEMU tells of a place for a vCPU without saying which.");
            }

            slots.Add(new CpuSlot(
                driver,
                [.. place.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, p.Value.ValueKind == JsonValueKind.Number && p.Value.TryGetInt64(out var number) ? number : -1))],
                item.Member("qom-path") is not null));
        }

        var ordered = slots.OrderBy(slot => slot.At(Levels[0]));
        foreach (var level in Levels.Skip(1))
        {
            ordered = ordered.ThenBy(slot => slot.At(level));
        }

        return [.. ordered];
    }

    private long At(string level) => Place.FirstOrDefault(part => part.Key == level).Value;
}
