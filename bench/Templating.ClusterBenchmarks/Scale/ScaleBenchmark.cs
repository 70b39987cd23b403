using Templating.ClusterBenchmarks.Results;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>Thousands of VMClones over simulated nodes.</summary>
internal static class ScaleBenchmark
{
    /// <returns>Whether every target was met.</returns>
    public static async Task<bool> RunAsync(ScaleOptions options, CancellationToken cancellationToken)
    {
        var result = new Result("scale");
        var writes = new Dictionary<int, IReadOnlyDictionary<string, double>>();
        var folder = Directory.CreateTempSubdirectory("templating-bench-").FullName;
        try
        {
            foreach (var count in options.Clones)
            {
                var step = Directory.CreateDirectory(Path.Combine(folder, $"{count}")).FullName;
                writes[count] = await new ScaleStep(options, result.Samples).RunAsync(count, step, cancellationToken);
            }
        }
        finally
        {
            if (options.Keep is { } keep)
            {
                Keep(folder, keep);
            }

            Directory.Delete(folder, recursive: true);
        }

        result.Targets.AddRange(ScaleReport.Targets(result.Samples, options.Clones));
        ScaleReport.Print(Screen.Tables, result, options, writes);
        await result.WriteAsync(options.Output, cancellationToken);
        return result.Targets.All(t => t.Met);
    }

    private static void Keep(string folder, string keep)
    {
        foreach (var log in Directory.EnumerateFiles(folder, "*.log", SearchOption.AllDirectories))
        {
            var target = Path.Combine(keep, Path.GetRelativePath(folder, log));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(log, target, overwrite: true);
        }
    }
}
