using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests;

/// <summary>One API server for all tests that need not stop it, with our resources' definitions; each test has namespaces of its own.</summary>
internal static class SharedCluster
{
    private static readonly Lazy<Task<ApiServer>> Server = new(StartAsync);

    public static Task<ApiServer> GetAsync() => Server.Value;

    public static async Task StopAsync()
    {
        if (Server.IsValueCreated)
        {
            await Server.Value.ContinueWith(
                async started => await (started.IsCompletedSuccessfully ? (await started).DisposeAsync() : ValueTask.CompletedTask),
                TaskScheduler.Default).Unwrap();
        }
    }

    private static async Task<ApiServer> StartAsync()
    {
        var server = await ApiServer.StartAsync();
        await Definitions.ApplyAsync(server);
        return server;
    }
}
