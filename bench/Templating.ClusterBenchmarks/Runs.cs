using k8s.Autorest;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks;

/// <summary>What becomes of a run.</summary>
internal static class Runs
{
    /// <returns>The process's exit code: 1 when a target is missed and that is to be an error, 2 when nothing came of it.</returns>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<bool>> run, bool check, CancellationToken cancellationToken)
    {
        try
        {
            return await run(cancellationToken) || !check ? 0 : 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted; nothing was left running.");
            return 2;
        }
        catch (HttpOperationException e)
        {
            await Console.Error.WriteLineAsync($"{e.Message}\n{e.Response?.Content}");
            return 2;
        }
        catch (Exception e) when (e is BenchmarkException or HttpRequestException or IOException or TimeoutException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
    }
}
