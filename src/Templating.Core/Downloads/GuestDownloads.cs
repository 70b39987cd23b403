using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Templates;

namespace Templating.Core.Downloads;

/// <summary>Fetches files of guests.</summary>
public sealed partial class GuestDownloads : IDisposable
{
    private const int BufferSize = 64 * 1024;
    private const int MaxRedirects = 5;
    private const int MaxRetries = 4;

    /// <summary>At once for one tenant: its slow servers hold up itself alone.</summary>
    private const int MaxPerTenant = 2;

    /// <summary>At once in all.</summary>
    private const int MaxInAll = 8;

    /// <summary>Room is asked for by as much: each time the tenant's files are looked at.</summary>
    private const long RoomStep = 16L << 20;

    /// <summary>Servers are strangers: a slow one counts among all for so long, and then for its tenant alone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DownloadOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<GuestDownloads> _logger;
    private readonly HostRules _rules;
    private readonly HttpClient _http;
    private readonly DownloadCache _cache;
    private readonly FairTurns _turns;
    private readonly ResiliencePipeline _retry;

    public GuestDownloads(DownloadOptions options, ITenantLimits limits, TimeProvider time, ILogger<GuestDownloads> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _rules = new HostRules(options.Hosts);
        _http = DownloadClient.Create(options, _rules);
        _cache = new DownloadCache(options.Folder, limits, time);
        _turns = new FairTurns(new TurnRules { What = "transfers", InAll = MaxInAll, PerTenant = _ => MaxPerTenant, Patience = Patience }, time);
        _retry = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<TransientException>(),
            MaxRetryAttempts = MaxRetries,
            Delay = options.RetryDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        }).Build();
    }

    /// <summary>All that can be said before anything is fetched, such as a host that is not allowed.</summary>
    /// <returns>Null where nothing speaks against it.</returns>
    public string? FindProblem(string url) => _rules.FindProblem(new Uri(url));

    /// <summary>The file, whose bytes hash to what they must.</summary>
    /// <param name="tenant">Whose turn it takes.</param>
    /// <param name="field">Of the request, for what is told of it.</param>
    /// <param name="source">With URL and digest.</param>
    /// <param name="cancellationToken">Ends the transfer.</param>
    /// <exception cref="TemplatingException">InvalidArgument: not allowed, too large, other bytes. TenantQuotaExhausted. DownloadFailed. DiskFull.</exception>
    public async Task<Download> FetchAsync(string tenant, string field, FileSource source, CancellationToken cancellationToken)
    {
        var (url, sha256) = (new Uri(source.Url!), source.Sha256!);
        if (_rules.FindProblem(url) is { } problem)
        {
            throw Bad(field + ".url", problem);
        }

        using var turn = await _turns.TakeAsync(tenant, cancellationToken);
        if (_cache.TryUse(tenant, sha256) is { } known)
        {
            return known;
        }

        _cache.Collect();
        var part = _cache.BeginPart(tenant, sha256);
        try
        {
            var start = _time.GetTimestamp();
            using var stranger = turn.Await();
            await _retry.ExecuteAsync(async token => await TransferAsync(field, url, sha256, bytes => _cache.Grow(tenant, part, bytes), part, token), cancellationToken);
            var download = _cache.Keep(tenant, part, sha256);
            LogFetched(_logger, url.Host, sha256, new FileInfo(download.Path).Length >> 20, _time.GetElapsedTime(start).TotalSeconds);
            return download;
        }
        catch (TransientException e)
        {
            throw new TemplatingException(ErrorCode.DownloadFailed, $"{field}.url: '{url.Host}' did not give the file in {MaxRetries + 1} attempts: {e.Message}", e)
            {
                RetryAfter = TimeSpan.FromSeconds(30),
            };
        }
        finally
        {
            _cache.EndPart(part);
        }
    }

    public void Dispose() => _http.Dispose();

    private static TemplatingException Bad(string field, string problem) => new([new FieldViolation(field, problem)]);

    private async Task TransferAsync(
        string field, Uri url, string sha256, Action<long> grow, string part, CancellationToken cancellationToken)
    {
        using var stall = new CancellationTokenSource(DownloadClient.StallTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stall.Token);
        try
        {
            using var response = await AskAsync(field, url, either.Token);
            if (response.Content.Headers.ContentLength > _options.MaxBytes)
            {
                throw Bad(field + ".url", $"The file has {response.Content.Headers.ContentLength} bytes; at most {_options.MaxBytes} are fetched.");
            }

            grow(response.Content.Headers.ContentLength ?? 0);
            var found = await SaveAsync(field, response, grow, part, stall, either.Token);
            if (!string.Equals(found, sha256, StringComparison.Ordinal))
            {
                throw Bad(field + ".sha256", $"The file's bytes hash to {found}, and {sha256} is expected: correct the digest, or the file at the URL.");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientException($"the server said nothing for {DownloadClient.StallTimeout.TotalSeconds:0} s");
        }
        catch (IOException e) when (e is not HttpIOException && HostFailure.Find(e) is { } ours)
        {
            // Of the file that is written, not of the server it comes from.
#pragma warning disable MA0027 // It is another exception: the caught one is its cause.
            throw ours;
#pragma warning restore MA0027
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TransientException((e.InnerException ?? e).Message, e);
        }
    }

    /// <summary>Follows redirects, each to an allowed host.</summary>
    private async Task<HttpResponseMessage> AskAsync(string field, Uri url, CancellationToken cancellationToken)
    {
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return response;
            }

            using (response)
            {
                if (response.Headers.Location is not { } location || (int)response.StatusCode is < 300 or >= 400)
                {
                    throw Refused(field, url, response.StatusCode);
                }

                url = new Uri(url, location);
                if (_rules.FindProblem(url) is { } problem)
                {
                    throw Bad(field + ".url", "It redirects elsewhere. " + problem);
                }
            }
        }

        throw Bad(field + ".url", $"It redirects more than {MaxRedirects} times.");
    }

    private static Exception Refused(string field, Uri url, HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500
            ? new TransientException($"it answered {(int)status}")
            : Bad(field + ".url", $"'{url.Host}' answered {(int)status} ({status}); 200 is expected: correct the URL, or the server.");

    private async Task<string> SaveAsync(
        string field, HttpResponseMessage response, Action<long> grow, string part, CancellationTokenSource stall, CancellationToken cancellationToken)
    {
        await using var input = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var output = new FileStream(part, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        var size = 0L;
        var room = response.Content.Headers.ContentLength ?? 0;
        for (int read; (read = await input.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            stall.CancelAfter(DownloadClient.StallTimeout);
            size += read;
            if (size > _options.MaxBytes)
            {
                throw Bad(field + ".url", $"The file has more than the {_options.MaxBytes} bytes that are fetched at most.");
            }

            if (size > room)
            {
                room = size + RoomStep;
                grow(room);
            }

            hash.AppendData(buffer, 0, read);
            await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    [LoggerMessage(1, LogLevel.Information, "Fetched {Sha256} from {Host}: {MiB} MiB in {Seconds:0.0} s")]
    private static partial void LogFetched(ILogger logger, string host, string sha256, long miB, double seconds);
}
