using Grpc.Core;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.V1;
using CloneView = Templating.V1.CloneView;

namespace Templating.Node.Services;

internal sealed class CloneService(
    ICloneManager clones, CloneBatch batch, GuestCalls guests, CallLifetime lifetime, TimeProvider time) : V1.CloneService.CloneServiceBase
{
    public override async Task<VmClone> CreateClone(CreateCloneRequest request, ServerCallContext context) =>
        CloneWriter.ToWire(await clones.CreateAsync(CloneReader.Create(request, context.Caller(), time.GetUtcNow()), context.CancellationToken));

    public override Task CreateClones(
        CreateClonesRequest request, IServerStreamWriter<CreateClonesResponse> responseStream, ServerCallContext context) =>
        batch.RunAsync(CloneReader.CreateMany(request, context.Caller(), time.GetUtcNow()), responseStream, context);

    public override async Task<VmClone> GetClone(GetCloneRequest request, ServerCallContext context)
    {
        var name = NameReader.Clone("name", request.Name, context.Caller());
        CheckView(request.View);
        var clone = CloneWriter.ToWire(clones.Get(name));
        if (request.View == CloneView.Full)
        {
            await AddUsageAsync(clone, context.CancellationToken);
        }

        return clone;
    }

    public override async Task<ListClonesResponse> ListClones(ListClonesRequest request, ServerCallContext context)
    {
        var faults = new Faults();
        var query = new CloneQuery("clones", request.Parent, request.Template, request.PageToken, request.PageSize, context.Caller(), faults);
        faults.Require(Enum.IsDefined(request.View), "view", $"{(int)request.View} is not known; use BASIC or FULL.");
        faults.ThrowIfAny();

        var page = query.Page(clones.List(query.Tenant), view => CloneWriter.ToWire(view), out var next);
        if (request.View == CloneView.Full)
        {
            await AddUsageAsync(page, context.CancellationToken);
        }

        return new ListClonesResponse { Clones = { page }, NextPageToken = next };
    }

    public override async Task<DeleteCloneResponse> DeleteClone(DeleteCloneRequest request, ServerCallContext context)
    {
        var name = NameReader.Clone("name", request.Name, context.Caller());
        var faults = new Faults();
        var grace = FieldReader.Duration("grace_period", request.GracePeriod, TimeSpan.Zero, TimeSpan.FromMinutes(10), faults);
        faults.ThrowIfAny();
        var end = await clones.DeleteAsync(name, grace ?? TimeSpan.Zero, context.CancellationToken);
        return new DeleteCloneResponse { Reason = end.Reason };
    }

    public override async Task<VmClone> PauseClone(PauseCloneRequest request, ServerCallContext context) => CloneWriter.ToWire(
        await clones.PauseAsync(NameReader.Clone("name", request.Name, context.Caller()), context.CancellationToken));

    public override async Task<VmClone> ResumeClone(ResumeCloneRequest request, ServerCallContext context) => CloneWriter.ToWire(
        await clones.ResumeAsync(NameReader.Clone("name", request.Name, context.Caller()), context.CancellationToken));

    public override Task<VmClone> ExtendClone(ExtendCloneRequest request, ServerCallContext context)
    {
        var (name, change) = LifetimeReader.Extend(request, context.Caller(), time.GetUtcNow());
        return Task.FromResult(CloneWriter.ToWire(clones.Extend(name, change)));
    }

    public override async Task<VmClone> ResizeClone(ResizeCloneRequest request, ServerCallContext context)
    {
        var (name, size) = CloneReader.Resize(request, context.Caller());
        return CloneWriter.ToWire(await clones.ResizeAsync(name, size, context.CancellationToken));
    }

    public override Task<PlugCloneResponse> PlugClone(PlugCloneRequest request, ServerCallContext context) =>
        Plugs.PlugAsync(clones, request, context.Caller(), _ => { }, context.CancellationToken);

    public override async Task<VmClone> UnplugClone(UnplugCloneRequest request, ServerCallContext context)
    {
        var (name, device) = DeviceReader.Unplug(request, context.Caller());
        await clones.UnplugAsync(name, device, context.CancellationToken);
        return CloneWriter.ToWire(clones.Get(name));
    }

    public override Task ExecClone(
        IAsyncStreamReader<ExecCloneRequest> requestStream, IServerStreamWriter<ExecCloneResponse> responseStream, ServerCallContext context) =>
        guests.ExecAsync(requestStream, responseStream, context);

    public override Task AttachConsole(
        IAsyncStreamReader<AttachConsoleRequest> requestStream, IServerStreamWriter<AttachConsoleResponse> responseStream, ServerCallContext context) =>
        guests.AttachConsoleAsync(requestStream, responseStream, context);

    public override Task WatchClones(
        WatchClonesRequest request, IServerStreamWriter<WatchClonesResponse> responseStream, ServerCallContext context) =>
        Watch.ServeAsync(
            lifetime, context, request.Parent, clones.WatchAsync, clones.List, view => view.Name.ToString(), view => view.Name.Tenant,
            (type, view, until) => responseStream.WriteAsync(
                new WatchClonesResponse { Type = type, Clone_ = view is null ? null : CloneWriter.ToWire(view) }, until));

    private static void CheckView(CloneView view)
    {
        var faults = new Faults();
        faults.Require(Enum.IsDefined(view), "view", $"{(int)view} is not known; use BASIC or FULL.");
        faults.ThrowIfAny();
    }

    /// <summary>A few at once: each read makes the kernel walk a page table.</summary>
    private Task AddUsageAsync(List<VmClone> page, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        page,
        new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
        async (clone, cancelled) =>
        {
            try
            {
                await AddUsageAsync(clone, cancelled);
            }
            catch (TemplatingException e) when (e.Code == ErrorCode.CloneNotFound)
            {
                // It was deleted since the list was taken: it has no memory any more.
            }
        });

    private async Task AddUsageAsync(VmClone clone, CancellationToken cancellationToken)
    {
        var name = new CloneName(clone.Tenant, clone.Id);
        CloneWriter.AddUsage(clone, await clones.ReadMemoryAsync(name, cancellationToken), clones.ReadCpuTime(name));
    }
}
