using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using Templating.Kubectl.Cluster;

namespace Templating.Kubectl.Load.Api;

/// <summary>A load test's calls: each is counted. One connection for calls and one for watches, so that neither waits for the other's bytes.</summary>
internal sealed class LoadApi : IDisposable
{
    // What takes longer is a server that is gone.
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    private readonly k8s.Kubernetes _calls;
    private readonly k8s.Kubernetes _watches;
    private readonly TimeProvider _time;

    public LoadApi(KubernetesClientConfiguration configuration, TimeProvider time)
    {
        _time = time;
        _calls = new k8s.Kubernetes(configuration, new CallCounter(Log, time));
        _watches = new k8s.Kubernetes(configuration, new CallCounter(Log, time));
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

    public Task DeleteAllAsync(LoadKind kind, string @namespace, string selector) => CallAsync(
        HttpMethod.Delete, "deletecollection", kind, $"{kind.Collection(@namespace)}?labelSelector={Uri.EscapeDataString(selector)}", null, CancellationToken.None);

    public async Task<bool> ExistsAsync(LoadKind kind, string @namespace, string name, CancellationToken cancellationToken)
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
    public async Task<ItemList<T>> ListAsync<T>(LoadKind kind, string? @namespace, string selector, CancellationToken cancellationToken) =>
        KubernetesJson.Deserialize<ItemList<T>>(
            await CallAsync(HttpMethod.Get, "list", kind, $"{kind.Collection(@namespace)}?labelSelector={Uri.EscapeDataString(selector)}", null, cancellationToken));

    /// <summary>The events since a version until the server ends it.</summary>
    public async IAsyncEnumerable<(string Type, JsonElement Item)> WatchAsync(
        LoadKind kind, string @namespace, string selector, string version, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = $"{kind.Collection(@namespace)}?watch=true&allowWatchBookmarks=true"
            + $"&labelSelector={Uri.EscapeDataString(selector)}&resourceVersion={Uri.EscapeDataString(version)}";
        using var response = await SendAsync(_watches, HttpMethod.Get, "watch", kind, path, null, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                using var frame = JsonDocument.Parse(line);
                yield return (frame.RootElement.GetProperty("type").GetString() ?? "", frame.RootElement.GetProperty("object").Clone());
            }
        }
    }

    public void Dispose()
    {
        _calls.Dispose();
        _watches.Dispose();
    }

    private async Task<string> CallAsync(HttpMethod method, string verb, LoadKind kind, string path, string? body, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(CallLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await SendAsync(_calls, method, verb, kind, path, body, either.Token);
            return await response.Content.ReadAsStringAsync(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The API server did not answer {verb} of {kind.Plural} within {CallLimit.TotalSeconds} s.", e);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        k8s.Kubernetes client, HttpMethod method, string verb, LoadKind kind, string path, string? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseUri, path));
        request.Options.Set(CallCounter.Call, (verb, kind.Plural));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.ParseAdd("kubectl-templating");
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
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
            throw new HttpOperationException($"{verb} of {kind.Plural}: {(int)response.StatusCode} {Refusals.MessageOf(content)}")
            {
                Request = new HttpRequestMessageWrapper(request, ""),
                Response = new HttpResponseMessageWrapper(response, content),
            };
        }
    }
}
