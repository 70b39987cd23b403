using Templating.Core.Blanks;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;

namespace Templating.Node.Hosting;

/// <summary>Keeps blank VMs: first for the templates that are there, then for those that are cloned.</summary>
internal sealed class BlankUpkeep(IVmm vmm, TemplateStore store, BlankVms blanks, ILogger<BlankUpkeep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var found = await vmm.ProbeAsync(refresh: false, stoppingToken);
            foreach (var revision in store.List(tenant: null).Where(revision => Compatibility.FindMismatch(revision.Manifest, found) is null))
            {
                blanks.Expect(revision.Manifest.Machine, revision.Manifest.Images.Count);
            }

            if (found.BlankProblem is { } problem)
            {
                Log.NoBlanks(logger, problem);
            }
        }
        catch (Exception e) when (HostFailure.Explain(e) is TemplatingException)
        {
            // Upkeep tells it; there may be a QEMU later.
        }

        await blanks.RunAsync(stoppingToken);
    }
}
