using System.Text.Json;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Results;

/// <summary>A run's samples and what is promised of them; as a file, for other programs.</summary>
internal sealed class Result(string benchmark)
{
    private readonly DateTimeOffset _taken = TimeProvider.System.GetUtcNow();

    public Host Host { get; } = Host.Read();

    public Samples Samples { get; } = new();

    public List<Target> Targets { get; } = [];

    public async Task WriteAsync(string path, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var file = File.Create(path);
        await using var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("benchmark", benchmark);
        writer.WriteString("taken", _taken);
        writer.WriteStartObject("machine");
        writer.WriteString("cpu", Host.Cpu);
        writer.WriteNumber("cores", Host.Cores);
        writer.WriteString("kernel", Host.Kernel);
        writer.WriteString("load_before", Host.LoadBefore);
        writer.WriteString("load_after", Host.Load());
        writer.WriteEndObject();
        writer.WriteStartArray("targets");
        foreach (var target in Targets)
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
        foreach (var (name, values) in Samples.All)
        {
            writer.WriteStartArray(name);
            values.ForEach(writer.WriteNumberValue);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        await writer.FlushAsync(cancellationToken);
        Screen.Say($"All samples: {path}");
    }
}
