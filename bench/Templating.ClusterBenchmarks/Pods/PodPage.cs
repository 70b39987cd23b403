using System.Diagnostics;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>The page that a pod's web server gives to whoever is in the cluster's network.</summary>
internal sealed class PodPage : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) })
    {
        Timeout = TimeSpan.FromSeconds(5),
        // Each asks by a connection of its own.
        DefaultRequestHeaders = { ConnectionClose = true },
    };

    /// <returns>When the first answer was there, in ticks of <see cref="Stopwatch"/>.</returns>
    public async Task<long> AskAsync(string address, string pod, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                var page = await _http.GetStringAsync(new Uri($"http://{address}/"), cancellationToken);
                return page.StartsWith(pod + "\n", StringComparison.Ordinal)
                    ? Stopwatch.GetTimestamp()
                    : throw new BenchmarkException($"Pod {pod} at {address} answers as another one: {page}");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Its server does not listen yet.
                if (Stopwatch.GetElapsedTime(start) > Limit)
                {
                    throw new BenchmarkException($"Pod {pod} at {address} did not answer within {Limit.TotalSeconds} s: {e.Message}");
                }
            }

            await Task.Delay(BetweenTries, TimeProvider.System, cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();
}
