using Grpc.Core;
using Templating.Api.Client;
using Templating.Shim.Errors;

namespace Templating.Shim.Daemon;

/// <summary>Calls of the daemon that have an end, outlive its restart, and fail in words for a pod's events.</summary>
internal sealed class DaemonCalls(TemplatingAddress address, TimeSpan patience, TimeProvider time)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastDelay = TimeSpan.FromSeconds(1);

    /// <summary>One try within the limit, for what cannot be repeated.</summary>
    public Task<T> OnceAsync<T>(string purpose, TimeSpan limit, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RepeatAsync(purpose, limit, TimeSpan.Zero, call, cancellationToken);

    /// <param name="purpose">For messages: what could not be done.</param>
    /// <param name="limit">For all tries together.</param>
    /// <param name="call">May be repeated: what it asks for is the same whether or not the try before was done.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShimException">The daemon refuses, is not there, or takes longer.</exception>
    public Task<T> RepeatAsync<T>(string purpose, TimeSpan limit, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RepeatAsync(purpose, limit, patience, call, cancellationToken);

    private async Task<T> RepeatAsync<T>(
        string purpose, TimeSpan limit, TimeSpan forDaemon, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var start = time.GetTimestamp();
        var delay = FirstDelay;
        TemplatingClientException? last = null;
        try
        {
            while (true)
            {
                try
                {
                    return await call(either.Token);
                }
                catch (Exception e) when (Told(e) is { Code: StatusCode.Unavailable } away && time.GetElapsedTime(start) < forDaemon && !either.IsCancellationRequested)
                {
                    last = away;
                }

                await Task.Delay(delay, time, either.Token);
                delay = delay * 2 < LastDelay ? delay * 2 : LastDelay;
            }
        }
        catch (Exception e) when (e is OperationCanceledException || Told(e) is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Told(e) is { } told && !(told.Code == StatusCode.Cancelled && deadline.IsCancellationRequested))
            {
                throw Refusal(purpose, told);
            }

            throw new ShimException(
                last is null ? StatusCode.DeadlineExceeded : StatusCode.Unavailable,
                $"Cannot {purpose}: the daemon at {address} has not done it in {limit.TotalSeconds:0.#} s{(last is null ? "" : ", and was away meanwhile: " + last.Message)}.", e);
        }
    }

    /// <summary>A write on a call that is over says less than the call's own end, and is no <see cref="TemplatingClientException"/>.</summary>
    private static TemplatingClientException? Told(Exception e) => e switch
    {
        TemplatingClientException told => told,
        RpcException raw => TemplatingClientException.From(raw),
        _ => null,
    };

    private ShimException Refusal(string purpose, TemplatingClientException told) => told.Code == StatusCode.Unavailable
        ? new ShimException(StatusCode.Unavailable, $"Cannot {purpose}: the daemon at {address} does not answer ({told.Message}). See whether templating runs on this node.", told)
        : new ShimException(told.Code, $"Cannot {purpose}: {told.Message}{(told.Reason.Length > 0 ? $" ({told.Reason})" : "")}", told);
}
