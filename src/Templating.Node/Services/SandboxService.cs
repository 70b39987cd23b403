using Grpc.Core;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Sandboxes;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>Clones with owners. A call that holds one is what keeps it, until it says otherwise.</summary>
internal sealed class SandboxService(ISandboxManager sandboxes, CallLifetime lifetime, TimeProvider time) : V1.SandboxService.SandboxServiceBase
{
    public override async Task Hold(
        IAsyncStreamReader<HoldRequest> requestStream, IServerStreamWriter<HoldResponse> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Acquire is not { } acquire)
        {
            throw new TemplatingException([new FieldViolation("acquire", "The first message must acquire a sandbox.")]);
        }

        var request = SandboxReader.Acquire(acquire, context.Caller(), time.GetUtcNow());
        using var until = lifetime.Until(context);
        using var hold = await sandboxes.AcquireAsync(request, until.Token);
        await responseStream.WriteAsync(new HoldResponse { Held = new SandboxHeld { Clone_ = CloneWriter.ToWire(hold.Clone) } }, until.Token);
        await ServeAsync(requestStream, responseStream, hold, until.Token);
    }

    public override async Task<ReleaseSandboxResponse> ReleaseSandbox(ReleaseSandboxRequest request, ServerCallContext context)
    {
        var (name, grace) = SandboxReader.Release(request, context.Caller());
        return new ReleaseSandboxResponse { Reason = (await sandboxes.ReleaseAsync(name, grace, context.CancellationToken)).Reason };
    }

    /// <summary>Until the caller says no more, or does not hold it any more.</summary>
    private static async Task ServeAsync(
        IAsyncStreamReader<HoldRequest> requests, IServerStreamWriter<HoldResponse> responses, SandboxHold hold, CancellationToken cancellationToken)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var next = requests.MoveNext(reading.Token);
        try
        {
            while (await Task.WhenAny(next, hold.Ended) == next && await next)
            {
                if (requests.Current.Detach is null)
                {
                    throw new TemplatingException([new FieldViolation("request", "After the first message only detach may come.")]);
                }

                hold.Detach();
                await responses.WriteAsync(new HoldResponse { Detached = new SandboxDetached() }, cancellationToken);
                next = requests.MoveNext(reading.Token);
            }

            if (hold.Ended.IsCompleted)
            {
                await responses.WriteAsync(new HoldResponse { Ended = new SandboxEnded { Reason = await hold.Ended } }, cancellationToken);
            }
        }
        finally
        {
            // A read that outlives its call takes what belongs to the next one: the server uses streams again.
            await reading.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
