using System.Text.Json;

namespace Templating.Benchmarks;

/// <summary>All samples, for other programs.</summary>
internal static class RawFile
{
    public static async Task WriteAsync(string path, Result result, CancellationToken cancellationToken)
    {
        var machine = result.Machine;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var file = File.Create(path);
        await using var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("taken", result.Taken);
        writer.WriteStartObject("machine");
        writer.WriteString("cpu", machine.Cpu);
        writer.WriteNumber("cores", machine.Cores);
        writer.WriteString("kernel", machine.Kernel);
        writer.WriteString("qemu", machine.Qemu);
        writer.WriteString("accelerator", machine.Accelerator);
        writer.WriteString("load_before", machine.LoadBefore);
        writer.WriteString("load_after", result.LoadAfter);
        writer.WriteEndObject();
        writer.WriteStartArray("targets");
        foreach (var target in result.Targets)
        {
            writer.WriteStartObject();
            writer.WriteString("name", target.Name);
            writer.WriteString("unit", target.Unit);
            writer.WriteNumber(target.AtLeast ? "at_least" : "at_most", target.Limit);
            writer.WriteNumber("measured", target.Measured);
            writer.WriteBoolean("met", target.Met);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("samples");
        foreach (var (name, values) in result.Samples.All)
        {
            writer.WriteStartArray(name);
            values.ForEach(writer.WriteNumberValue);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        await writer.FlushAsync(cancellationToken);
    }
}
