using Templating.OwnerPort.Errors;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Pods;

namespace Templating.Shim.Tasks;

/// <summary>What is done between a container's last breath and the telling of it.</summary>
internal sealed class ContainerEnd(ShimLog log, TimeProvider clock)
{
    /// <summary>For what was killed to be seen to end.</summary>
    private static readonly TimeSpan ExecPatience = TimeSpan.FromSeconds(10);

    /// <summary>Other processes of a container end with its first, and their ends are told before.</summary>
    /// <returns>Whether the guest's kernel has killed any of its processes for want of memory: as with runc, the container is said to have been.</returns>
    public async Task<bool> PrepareAsync(IPod pod, PodContainer container)
    {
        foreach (var exec in container.Execs.Where(e => e.State == ProcessState.Running))
        {
            try
            {
                await exec.KillAsync(Signals.Kill, everyone: false, CancellationToken.None);
                await exec.Ended.WaitAsync(ExecPatience, clock);
            }
            catch (Exception e) when (e is ShimException or TimeoutException or OwnerPortException)
            {
                log.Debug($"{exec.Name}: {e.Message}");
            }
        }

        var starved = await HasStarvedAsync(pod, container.Id);
        await pod.EndAsync(container.Guest!);
        return starved;
    }

    private async Task<bool> HasStarvedAsync(IPod pod, string container)
    {
        try
        {
            return (await pod.CountAsync(container, CancellationToken.None)).OutOfMemoryKills > 0;
        }
        catch (Exception e) when (e is TimeoutException or OwnerPortException or GuestRefusedException)
        {
            // Of a VM that is gone, or a container that never ran.
            log.Debug($"{container}: {e.Message}");
            return false;
        }
    }
}
