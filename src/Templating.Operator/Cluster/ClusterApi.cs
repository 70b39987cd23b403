using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>
/// Calls of the API server for any kind: KubernetesClient's connection, credentials, models and JSON, but not its generated
/// methods, which are one for each kind and verb and hide where a page or a watch goes on.
/// </summary>
internal sealed class ClusterApi(k8s.Kubernetes client, TimeProvider time)
{
    // A call that takes longer is a server that is gone; a watch ends by itself.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

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
        using var timeout = new CancellationTokenSource(CallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await SendAsync(method, path, body, contentType, either.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
            using var text = new MemoryStream();
            await stream.CopyToAsync(text, either.Token);
            text.Position = 0;
            return KubernetesJson.Deserialize<T>(text);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The API server did not answer {method} {path} within {CallTimeout.TotalSeconds} s.", e);
        }
    }

    /// <summary>The events of a watch until the server or a token ends it.</summary>
    public async IAsyncEnumerable<WatchFrame> WatchAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                yield return KubernetesJson.Deserialize<WatchFrame>(line);
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? body, string? contentType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseUri, path));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.ParseAdd("templating-operator");
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType ?? "application/json");
        }

        if (client.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }

        var response = await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var content = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new HttpOperationException($"{method} {path}: {(int)response.StatusCode} {ClusterErrors.MessageOf(content)}")
            {
                Request = new HttpRequestMessageWrapper(request, body is { Length: > 0 } ? "(not kept)" : ""),
                Response = new HttpResponseMessageWrapper(response, content),
            };
        }
    }
}
