using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>Images for a clone that runs: each stays in the node's cache for as long as the clone lives.</summary>
/// <param name="images">Null on a node that keeps none.</param>
internal sealed class ClonePlugs(IImageCache? images)
{
    public async Task<PluggedDevice> PlugImageAsync(Clone clone, string digest, CancellationToken cancellationToken)
    {
        var life = clone.Life;
        await life.PlugTurn.WaitAsync(cancellationToken);
        try
        {
            var vm = life.Require(VmOperation.Plug);
            var lease = Acquire(clone.Name.Tenant, digest);
            PluggedDevice device;
            try
            {
                device = await vm.PlugImageAsync(lease.Path, CancellationToken.None) with { Digest = digest };
            }
            catch
            {
                lease.Dispose();
                throw;
            }

            life.Hold(lease);
            life.Tell(view => view is CloneView now ? now with { Devices = [.. now.Devices ?? [], device] } : view);
            return device;
        }
        finally
        {
            life.PlugTurn.Release();
        }
    }

    /// <summary>What a clone of the daemon before this one holds. An image that is gone from the cache stays mapped, and is nobody else's loss.</summary>
    public void Hold(CloneView view, VmHoldings holdings, Action<string> lost)
    {
        foreach (var digest in (view.Devices ?? []).Select(device => device.Digest).OfType<string>())
        {
            try
            {
                holdings.Add(Acquire(view.Name.Tenant, digest));
            }
            catch (TemplatingException e)
            {
                lost(e.Message);
            }
        }
    }

    private ImageLease Acquire(string tenant, string digest) => images?.Acquire(tenant, digest)
        ?? throw new TemplatingException(ErrorCode.IllegalState, "This node keeps no images, so none can be plugged.");
}
