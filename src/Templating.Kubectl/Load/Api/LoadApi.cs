using System.Globalization;
using System.Net;
using k8s;
using k8s.Autorest;
using Templating.Kubectl.Cluster;
using Templating.Kubernetes.Calls;
using Templating.Kubernetes.Metrics;

namespace Templating.Kubectl.Load.Api;

/// <summary>A load test's calls: each is counted. One connection for calls and one for watches, so that neither waits for the other's bytes.</summary>
internal sealed class LoadApi : IDisposable
{
    /// <summary>With series of a thousand pools, an operator's are a tenth of it.</summary>
    private const long MostMetrics = 8 << 20;

    private readonly k8s.Kubernetes[] _clients;
    private readonly ApiServer _calls;
    private readonly ApiServer _watches;

    public LoadApi(KubernetesClientConfiguration configuration, TimeProvider time)
    {
        _clients = [new(configuration, new CallCounter(Log, time)), new(configuration, new CallCounter(Log, time))];
        (_calls, _watches) = (Server(_clients[0]), Server(_clients[1]));

        ApiServer Server(k8s.Kubernetes client) => new(ApiConnection.Of(client), "kubectl-templating", ServerStatus.MessageOf, time);
    }

    public CallLog Log { get; } = new();

    /// <summary>Never broken off but by its own limit: what the server was told it does, and it has to be known.</summary>
    /// <exception cref="HttpOperationException">As the server refused it.</exception>
    /// <exception cref="TimeoutException">No answer; it may have been made.</exception>
    public async Task CreateAsync<T>(LoadKind kind, string @namespace, T item) =>
        await CallAsync(HttpMethod.Post, "create", kind, kind.Collection(@namespace), KubernetesJson.Serialize(item), CancellationToken.None);

    /// <returns>False where it was not there.</returns>
    public async Task<bool> DeleteAsync(LoadKind kind, string @namespace, string name)
    {
        try
        {
            await CallAsync(HttpMethod.Delete, "delete", kind, kind.Item(@namespace, name), null, CancellationToken.None);
            return true;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    public Task DeleteAllAsync(LoadKind kind, string @namespace, string selector, CancellationToken cancellationToken) => CallAsync(
        HttpMethod.Delete, "deletecollection", kind, $"{kind.Collection(@namespace)}?labelSelector={Uri.EscapeDataString(selector)}", null, cancellationToken);

    public async Task<bool> ExistsAsync(LoadKind kind, string? @namespace, string name, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(HttpMethod.Get, "get", kind, kind.Item(@namespace, name), null, cancellationToken);
            return true;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <param name="namespace">Null for all.</param>
    /// <param name="selector">Of labels, or empty.</param>
    public async Task<ItemList<T>> ListAsync<T>(LoadKind kind, string? @namespace, string selector, CancellationToken cancellationToken)
    {
        await using var content = await CallAsync(
            HttpMethod.Get, "list", kind, $"{kind.Collection(@namespace)}?labelSelector={Uri.EscapeDataString(selector)}", null, cancellationToken);
        return KubernetesJson.Deserialize<ItemList<T>>(content);
    }

    /// <summary>What a pod serves of metrics, fetched by the API server: from wherever this runs it is reached.</summary>
    public async Task<MetricsPage> MetricsAsync(string @namespace, string pod, int port, CancellationToken cancellationToken)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{LoadKind.Pods.Item(@namespace, pod)}:{port}/proxy/metrics");
        await using var content = await _calls.CallAsync(Call(HttpMethod.Get, "get", "pods/proxy", path) with { MostBytes = MostMetrics }, cancellationToken);
        using var reader = new StreamReader(content);
        return MetricsPage.Parse(await reader.ReadToEndAsync(cancellationToken));
    }

    /// <summary>The events since a version until the server ends it.</summary>
    /// <param name="opened">Called when the server took it, which may be long before its first event.</param>
    public IAsyncEnumerable<WatchFrame> WatchAsync(
        LoadKind kind, string @namespace, string selector, string version, Action opened, CancellationToken cancellationToken)
    {
        var call = Call(HttpMethod.Get, "watch", kind.Plural, $"{kind.Collection(@namespace)}?watch=true&allowWatchBookmarks=true"
            + $"&labelSelector={Uri.EscapeDataString(selector)}&resourceVersion={Uri.EscapeDataString(version)}");
        return _watches.WatchAsync(call with { Options = call.Options + (options => options.Set(CallCounter.Opened, opened)) }, cancellationToken);
    }

    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }
    }

    private Task<Stream> CallAsync(HttpMethod method, string verb, LoadKind kind, string path, string? body, CancellationToken cancellationToken) =>
        _calls.CallAsync(Call(method, verb, kind.Plural, path) with { Body = body }, cancellationToken);

    private static ApiCall Call(HttpMethod method, string verb, string resource, string path) =>
        new(method, path, $"{verb} of {resource}") { Options = options => options.Set(CallCounter.Call, (verb, resource)) };
}
