using Templating.Core.Blanks;
using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Sandboxes;

namespace Templating.Node.Hosting;

/// <summary>Takes over what the daemon before this one left, before the socket is opened: nobody sees half of it.</summary>
internal sealed class Recovery(TemplateManager templates, BlankVms blanks, CloneManager clones, SandboxManager sandboxes) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await blanks.RecoverAsync(cancellationToken);
        await clones.RecoverAsync(cancellationToken);
        sandboxes.Recover();
        await templates.RecoverAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
