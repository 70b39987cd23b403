using Templating.Qemu.CommandLine;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.Plugging;

/// <summary>Gives a QEMU that was started with -preconfig its memory, and lets it make its machine: what its command line says of others.</summary>
internal static class LateMemory
{
    /// <summary>
    /// All at once: QEMU takes commands in their order, and the last is answered when the machine is there. Where one is refused those
    /// behind it fail too; the first is told.
    /// </summary>
    /// <exception cref="Core.Errors.TemplatingException">QmpFailed.</exception>
    public static Task GiveAsync(
        QmpClient qmp, MemoryBackend ram, IReadOnlyList<MemoryBackend> images, MemoryRoom room, TimeSpan timeout, CancellationToken cancellationToken)
    {
        List<Task> answers =
        [
            qmp.ExecuteAsync("object-add", ram.WriteTo, timeout, cancellationToken),
            .. images.Select(image => qmp.ExecuteAsync("object-add", image.WriteTo, timeout, cancellationToken)),
            qmp.ExecuteAsync("qom-set", w =>
            {
                w.WriteString("path", "/machine");
                w.WriteString("property", "memory-backend");
                w.WriteString("value", "/objects/" + ram.Id);
            }, timeout, cancellationToken),
            qmp.ExecuteAsync("qom-set", w =>
            {
                w.WriteString("path", "/machine");
                w.WriteString("property", "memory");
                w.WriteStartObject("value");
                w.WriteNumber("size", room.Bytes);
                if (room.Slots > 0)
                {
                    w.WriteNumber("slots", room.Slots);
                    w.WriteNumber("max-size", room.MostBytes);
                }

                w.WriteEndObject();
            }, timeout, cancellationToken),
            qmp.ExecuteAsync("x-exit-preconfig", null, timeout, cancellationToken),
        ];
        return Task.WhenAll(answers);
    }
}
