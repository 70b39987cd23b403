using Grpc.Core;
using Templating.OwnerPort.Conversations;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>Many sandboxes that read the same image whole: what each costs the host by that.</summary>
internal sealed class SandboxMemory(Daemon daemon, ContainerImage image, SandboxRounds rounds, Samples samples)
{
    private const double MiB = 1 << 20;

    public async Task RunAsync(int count, CancellationToken cancellationToken)
    {
        var calls = new List<AsyncDuplexStreamingCall<HoldRequest, HoldResponse>>();
        var ports = new List<(string Name, OwnerPortConnection Port, string Root)>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var id = $"reader-{i}";
                calls.Add(await rounds.HoldAsync(id, WaitFor.Ready, cancellationToken));
                var name = GuestTemplate.NameOfClone(id);
                var port = await OwnerPortCalls.ConnectAsync(calls[i].ResponseStream.Current.Held.Connection.OwnerPort, cancellationToken);
                var plugged = (await daemon.Client.Sandboxes.PlugDeviceAsync(
                    new PlugCloneRequest { Name = name, Image = new PlugImage { Digest = image.Digest } }, cancellationToken: cancellationToken)).Device;
                await port.NetworkAsync(cancellationToken);
                ports.Add((name, port, await port.MountAsync("image", plugged.Bridge, cancellationToken)));
            }

            foreach (var (name, port, root) in ports)
            {
                // Once unmeasured, so that what is counted is the image's and not crun's.
                await (await port.RunAsync("idle", ContainerImage.Config(root, "true"), cancellationToken)).EndedAsync(cancellationToken);
                var before = await MemoryAsync(name, cancellationToken);
                var reader = await port.RunAsync("reader", ContainerImage.Config(root, "sh", "-c", "cat /payload/* >/dev/null"), cancellationToken);
                await reader.EndedAsync(cancellationToken);
                var after = await MemoryAsync(name, cancellationToken);
                samples.Add("sandbox.memory.private_growth_mib", (after.Private - before.Private) / MiB);
                samples.Add("sandbox.memory.image_private_mib", after.ImagePrivate / MiB);
            }

            foreach (var (name, _, _) in ports)
            {
                // Only when all have read: the share of each is what the image costs once, by all of them.
                var memory = await MemoryAsync(name, cancellationToken);
                samples.Add("sandbox.memory.proportional_mib", memory.Proportional / MiB);
                samples.Add("sandbox.memory.shared_mib", memory.Shared / MiB);
            }
        }
        finally
        {
            foreach (var (_, port, _) in ports)
            {
                await port.DisposeAsync();
            }

            for (var i = 0; i < calls.Count; i++)
            {
                await rounds.ReleaseAsync($"reader-{i}", CancellationToken.None);
            }

            calls.ForEach(c => c.Dispose());
        }
    }

    private async Task<MemoryUsage> MemoryAsync(string name, CancellationToken cancellationToken) =>
        (await daemon.Client.Clones.GetCloneAsync(new GetCloneRequest { Name = name, View = CloneView.Full }, cancellationToken: cancellationToken)).Memory;
}
