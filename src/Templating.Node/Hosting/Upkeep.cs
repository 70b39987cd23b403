using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Maintenance;
using Templating.Core.Pools;

namespace Templating.Node.Hosting;

/// <summary>
/// What goes on beside the calls: first a look at QEMU, which may take seconds where KVM hangs and so does not hold up the
/// start, then the cleaning and the pools.
/// </summary>
internal sealed class Upkeep(IVmm vmm, Janitor janitor, PoolManager pools, ILogger<Upkeep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var found = await vmm.ProbeAsync(refresh: false, stoppingToken);
            Log.Probed(logger, found.Version, found.Accelerator.ToString());
        }
        catch (Exception e) when (HostFailure.Explain(e) is TemplatingException problem)
        {
            // The daemon serves all the same, a full run folder or not: templates can be listed and verified, and node info tells the problem.
            Log.ProbeFailed(logger, problem.Message);
        }

        await Task.WhenAll(janitor.RunAsync(stoppingToken), pools.RunAsync(stoppingToken));
    }
}
