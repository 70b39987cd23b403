using System.Text.Json;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.Plugging;

/// <summary>Where a VM's images and plugged RAM lie in its guest's memory, as query-memory-devices has it.</summary>
internal static class MemoryDevices
{
    /// <summary>Linux takes RAM that begins and ends at a multiple of this, on x86-64 (SECTION_SIZE_BITS).</summary>
    public const long Section = 128 * MachineSpec.MiB;

    /// <summary>More than any guest's addresses; keeps the sums below from overflow.</summary>
    private const long Most = 1L << 52;

    /// <summary>0 where there is none.</summary>
    public static long EndOf(JsonElement devices)
    {
        var end = 0L;
        foreach (var device in devices.ValueKind == JsonValueKind.Array ? devices.EnumerateArray() : default)
        {
            var data = device.Member("data") ?? default;
            if ((data.Number("addr") ?? data.Number("memaddr")) is not (>= 0 and <= Most and var start) || data.Number("size") is not (>= 0 and <= Most and var size))
            {
                throw new TemplatingException(ErrorCode.QmpFailed, "QEMU tells of a memory device without saying where it is.");
            }

            end = Math.Max(end, start + size);
        }

        return end;
    }
}
