using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Maintenance;

namespace Templating.Node.Hosting;

/// <summary>
/// What goes on beside the calls: first a look at QEMU, which may take seconds where KVM hangs and so does not hold up the
/// start, then the cleaning.
/// </summary>
internal sealed class Upkeep(IVmm vmm, Janitor janitor, ILogger<Upkeep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var found = await vmm.ProbeAsync(refresh: false, stoppingToken);
            Log.Probed(logger, found.Version, found.Accelerator.ToString());
        }
        catch (TemplatingException e)
        {
            // The daemon serves all the same: templates can be listed and verified, and node info tells the problem.
            Log.ProbeFailed(logger, e.Message);
        }

        await janitor.RunAsync(stoppingToken);
    }
}
