using System.Net;
using Templating.Kubectl.Load.Recipes;

namespace Templating.Kubectl.Load.Running;

/// <summary>Asks a server until it answers: nobody tells when a program listens.</summary>
internal sealed class HttpProbe(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // A connection's first packet that is lost is sent again after a second.
    private static readonly TimeSpan OneLimit = TimeSpan.FromSeconds(1);

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        // An address may be another object's the next time.
        PooledConnectionLifetime = TimeSpan.Zero,
    });

    /// <summary>Any answer counts but that of a server's own fault.</summary>
    public async Task AnswersAsync(string ip, HttpGoal goal, CancellationToken cancellationToken)
    {
        var host = ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip;
        var address = new Uri(FormattableString.Invariant($"http://{host}:{goal.Port}{goal.Path}"));
        while (!await AskAsync(address, cancellationToken))
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<bool> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(OneLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var answer = await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.StatusCode < HttpStatusCode.InternalServerError;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
