using Grpc.Core;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Pools;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

internal sealed class PoolService(IPoolManager pools, CallLifetime lifetime) : V1.PoolService.PoolServiceBase
{
    public override async Task<V1.Pool> SetPool(SetPoolRequest request, ServerCallContext context)
    {
        var (name, spec) = PoolReader.Set(request, context.Caller());
        // It is on the disk when it returns: not on a thread that serves calls.
        return PoolWriter.ToWire(await Task.Run(() => pools.Set(name, spec), CancellationToken.None));
    }

    public override Task<V1.Pool> GetPool(GetPoolRequest request, ServerCallContext context) =>
        Task.FromResult(PoolWriter.ToWire(pools.Get(NameReader.Pool("name", request.Name, context.Caller()))));

    public override Task<ListPoolsResponse> ListPools(ListPoolsRequest request, ServerCallContext context)
    {
        var faults = new Faults();
        var caller = context.Caller();
        var tenant = NameReader.Parent(request.Parent, caller, faults);
        var filter = $"pools {request.Parent}";
        var after = PageToken.Read(request.PageToken, filter, faults);
        var size = FieldReader.PageSize(request.PageSize, faults);
        faults.ThrowIfAny();

        var response = new ListPoolsResponse();
        var visible = pools.List(tenant).Where(view => caller.Tenants.Contains(view.Name.Tenant));
        response.Pools.AddRange(Pages.Cut(visible, PageKeys.Of, after, size, PoolWriter.ToWire, out var next));
        response.NextPageToken = next is null ? "" : PageToken.Write(filter, next);
        return Task.FromResult(response);
    }

    public override async Task<DeletePoolResponse> DeletePool(DeletePoolRequest request, ServerCallContext context)
    {
        await pools.DeleteAsync(NameReader.Pool("name", request.Name, context.Caller()), context.CancellationToken);
        return new DeletePoolResponse();
    }

    public override Task WatchPools(WatchPoolsRequest request, IServerStreamWriter<WatchPoolsResponse> responseStream, ServerCallContext context) =>
        Watch.ServeAsync(
            lifetime, context, request.Parent, pools.WatchAsync, pools.List, view => view.Name.ToString(), view => view.Name.Tenant,
            (type, view, until) => responseStream.WriteAsync(
                new WatchPoolsResponse { Type = type, Pool = view is null ? null : PoolWriter.ToWire(view) }, until));
}
