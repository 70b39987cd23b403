using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests.Harness;

/// <summary>One API server for all tests that need not stop it, with our resources' definitions; each test has namespaces of its own.</summary>
internal static class SharedCluster
{
    private static readonly Lock Guard = new();
    private static Task<ApiServer>? _server;

    public static Task<ApiServer> GetAsync()
    {
        lock (Guard)
        {
            return _server ??= Task.Run(StartAsync);
        }
    }

    public static async Task StopAsync()
    {
        Task<ApiServer>? started;
        lock (Guard)
        {
            started = _server;
        }

        if (started is not null)
        {
            // One that did not start has cleaned up after itself, and its tests have failed.
            await ((Task)started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (started.IsCompletedSuccessfully)
            {
                await (await started).DisposeAsync();
            }
        }
    }

    private static async Task<ApiServer> StartAsync()
    {
        var server = await ApiServer.StartAsync();
        await Definitions.ApplyAsync(server);
        return server;
    }
}
