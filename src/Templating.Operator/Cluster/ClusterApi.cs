using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes.Calls;

namespace Templating.Operator.Cluster;

/// <summary>The operator's calls of the API server. What it says is read as <see cref="ObjectJson"/> does.</summary>
internal sealed class ClusterApi(ApiConnection connection, TimeProvider time)
{
    private readonly ApiServer _server = new(connection, "templating-operator", ClusterErrors.MessageOf, time);

    /// <summary>For what no informer keeps (Secrets, ConfigMaps), or must not be old. Null where there is none.</summary>
    /// <exception cref="HttpOperationException">As the server refused it.</exception>
    public async Task<T?> GetAsync<T>(ObjectKey key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return await SendAsync<T>(HttpMethod.Get, ResourceType.Of<T>().Item(key), null, null, cancellationToken);
        }
        catch (HttpOperationException e) when (ClusterErrors.KindOf(e) == ClusterErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <param name="path">Under the server's root, with its query.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="contentType">Of the body; null means application/json.</param>
    /// <exception cref="HttpOperationException">With the server's Status as its content.</exception>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, string? body, string? contentType, CancellationToken cancellationToken)
    {
        await using var content = await _server.CallAsync(Call(method, path) with { Body = body, ContentType = contentType }, cancellationToken);
        return ObjectJson.Read<T>(content);
    }

    /// <summary>The events of a watch until the server or a token ends it.</summary>
    public IAsyncEnumerable<WatchFrame> WatchAsync(string path, CancellationToken cancellationToken) =>
        _server.WatchAsync(Call(HttpMethod.Get, path), cancellationToken);

    private static ApiCall Call(HttpMethod method, string path) => new(method, path, $"{method} {path}");
}
