using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using k8s.Autorest;

namespace Templating.Kubernetes.Calls;

/// <summary>
/// Calls of an API server for any kind: KubernetesClient's credentials and models, but not its generated methods, which are one
/// for each kind and verb and hide where a page or a watch goes on.
/// </summary>
/// <param name="connection">To the server; whoever made it disposes it.</param>
/// <param name="userAgent">Whom the server's log names.</param>
/// <param name="messageOf">Makes of a refusal's content what its exception says.</param>
/// <param name="time">Of limits.</param>
public sealed class ApiServer(ApiConnection connection, string userAgent, Func<string, string> messageOf, TimeProvider time)
{
    // A call that takes longer is a server that is gone; a watch ends by itself.
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    /// <returns>The content of the answer, from its beginning.</returns>
    /// <exception cref="HttpOperationException">As the server refused it, with its Status as the content.</exception>
    /// <exception cref="TimeoutException">No answer; what was asked for may have been done.</exception>
    /// <exception cref="IOException">More than the call takes.</exception>
    public async Task<Stream> CallAsync(ApiCall call, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(CallLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await SendAsync(call, either.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
            var content = new MemoryStream();
            await CopyAsync(call, stream, content, either.Token);
            content.Position = 0;
            return content;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The API server did not answer {call.Name} within {CallLimit.TotalSeconds} s.", e);
        }
    }

    /// <summary>The events of a watch until the server or a token ends it.</summary>
    /// <exception cref="HttpOperationException">As the server refused it.</exception>
    public async IAsyncEnumerable<WatchFrame> WatchAsync(ApiCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(call, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                yield return JsonSerializer.Deserialize(line, CallContext.Default.WatchFrame)!;
            }
        }
    }

    private static async Task CopyAsync(ApiCall call, Stream from, MemoryStream to, CancellationToken cancellationToken)
    {
        if (call.MostBytes is not { } most)
        {
            await from.CopyToAsync(to, cancellationToken);
            return;
        }

        var buffer = new byte[1 << 16];
        while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (to.Length + read > most)
            {
                throw new IOException($"{call.Name}: more than {most} bytes.");
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(ApiCall call, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(call.Method, new Uri(connection.Root, call.Path));
        call.Options?.Invoke(request.Options);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.ParseAdd(userAgent);
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        if (call.Body is { } body)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(call.ContentType ?? "application/json");
        }

        if (connection.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }

        var response = await connection.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var content = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new HttpOperationException($"{call.Name}: {(int)response.StatusCode} {messageOf(content)}")
            {
                Request = new HttpRequestMessageWrapper(request, call.Body is { Length: > 0 } ? "(not kept)" : ""),
                Response = new HttpResponseMessageWrapper(response, content),
            };
        }
    }
}
