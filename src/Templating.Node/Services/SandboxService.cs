using Grpc.Core;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Sandboxes;
using Templating.Node.Mapping;
using Templating.V1;
using CloneView = Templating.Core.Clones.CloneView;
using Sandbox = Templating.V1.Sandbox;

namespace Templating.Node.Services;

/// <summary>Clones with owners. A call that holds one is what keeps it, until it says otherwise.</summary>
internal sealed class SandboxService(ISandboxManager sandboxes, ICloneManager clones, CallLifetime lifetime, TimeProvider time)
    : V1.SandboxService.SandboxServiceBase
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
        await responseStream.WriteAsync(new HoldResponse { Held = ToWire(hold.Clone) }, until.Token);
        await ServeAsync(requestStream, responseStream, hold, until.Token);
    }

    public override async Task<ReleaseSandboxResponse> ReleaseSandbox(ReleaseSandboxRequest request, ServerCallContext context)
    {
        var (name, grace) = SandboxReader.Release(request, context.Caller());
        return new ReleaseSandboxResponse { Reason = (await sandboxes.ReleaseAsync(name, grace, context.CancellationToken)).Reason };
    }

    public override Task<PlugCloneResponse> PlugDevice(PlugCloneRequest request, ServerCallContext context) =>
        Plugs.PlugAsync(clones, request, context.Caller(), name => sandboxes.Get(name), context.CancellationToken);

    public override async Task<Sandbox> UnplugDevice(UnplugCloneRequest request, ServerCallContext context)
    {
        var (name, device) = DeviceReader.Unplug(request, context.Caller());
        await clones.UnplugAsync(sandboxes.Get(name).Vm.Name, device, context.CancellationToken);
        return SandboxWriter.ToWire(sandboxes.Get(name));
    }

    public override async Task<Sandbox> ResizeSandbox(ResizeCloneRequest request, ServerCallContext context)
    {
        var (name, size) = CloneReader.Resize(request, context.Caller());
        return ToWire(await clones.ResizeAsync(sandboxes.Get(name).Vm.Name, size, context.CancellationToken));
    }

    public override Task<Sandbox> GetSandbox(GetSandboxRequest request, ServerCallContext context) =>
        Task.FromResult(SandboxWriter.ToWire(sandboxes.Get(NameReader.Clone("name", request.Name, context.Caller()))));

    public override Task<ListSandboxesResponse> ListSandboxes(ListSandboxesRequest request, ServerCallContext context)
    {
        var faults = new Faults();
        var query = new CloneQuery("sandboxes", request.Parent, request.Template, request.PageToken, request.PageSize, context.Caller(), faults);
        faults.ThrowIfAny();
        var page = query.Page(clones.List(query.Tenant).Where(clone => clone.Owner is not null), ToWire, out var next);
        return Task.FromResult(new ListSandboxesResponse { Sandboxes = { page }, NextPageToken = next });
    }

    public override Task WatchSandboxes(
        WatchSandboxesRequest request, IServerStreamWriter<WatchSandboxesResponse> responseStream, ServerCallContext context) =>
        Watch.ServeAsync(
            lifetime, context, request.Parent, clones.WatchAsync, clones.List, view => view.Name.ToString(),
            view => view.Owner is null ? null : view.Name.Tenant,
            (type, view, until) => responseStream.WriteAsync(
                new WatchSandboxesResponse { Type = type, Sandbox = view is null ? null : ToWire(view) }, until));

    private Sandbox ToWire(CloneView clone) => SandboxWriter.ToWire(sandboxes.Describe(clone));

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

                if (await Task.WhenAny(hold.Ready, hold.Ended).WaitAsync(cancellationToken) == hold.Ended)
                {
                    break;
                }

                await hold.Ready;
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
