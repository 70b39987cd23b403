using System.Diagnostics;
using System.Net.NetworkInformation;
using Grpc.Core;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>
/// A sandbox on its way to a container, step by step, and in turn with it a clone of the same template that nobody owns. Samples are in
/// milliseconds.
/// </summary>
internal sealed class SandboxRounds(Daemon daemon, GuestTemplate template, ContainerImage image, PodNamespace network, Samples samples)
{
    public async Task RunAsync(int round, CancellationToken cancellationToken)
    {
        Func<CancellationToken, Task>[] steps = [HeldAsync, CreatedAsync];
        foreach (var step in round % 2 == 0 ? steps : steps.Reverse())
        {
            await step(cancellationToken);
        }

        await ContainerAsync(round, cancellationToken);
    }

    /// <summary>Holds one until disposed.</summary>
    public async Task<AsyncDuplexStreamingCall<HoldRequest, HoldResponse>> HoldAsync(string id, WaitFor waitFor, CancellationToken cancellationToken)
    {
        var call = daemon.Client.Sandboxes.Hold(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new HoldRequest
        {
            Acquire = new AcquireSandbox
            {
                SandboxId = id,
                Spec = template.NewClone(),
                Owner = new SandboxOwner { Pid = Environment.ProcessId },
                WaitFor = waitFor,
            },
        }, cancellationToken);
        return await call.ResponseStream.MoveNext(cancellationToken) ? call : throw new BenchmarkException($"Sandbox {id} was not held.");
    }

    public async Task ReleaseAsync(string id, CancellationToken cancellationToken) =>
        await daemon.Client.Sandboxes.ReleaseSandboxAsync(
            new ReleaseSandboxRequest { Name = GuestTemplate.NameOfClone(id) }, cancellationToken: cancellationToken);

    private async Task HeldAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var call = await HoldAsync("held", WaitFor.Running, cancellationToken);
        samples.Add("sandbox.held", Since(start));
        await ReleaseAsync("held", cancellationToken);
    }

    private async Task CreatedAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var clone = await daemon.Client.Clones.CreateCloneAsync(
            new CreateCloneRequest { Spec = template.NewClone(), WaitFor = WaitFor.Running }, cancellationToken: cancellationToken);
        samples.Add("sandbox.created", Since(start));
        await daemon.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: cancellationToken);
    }

    private async Task ContainerAsync(int round, CancellationToken cancellationToken)
    {
        var id = $"box-{round}";
        using var call = await HoldAsync(id, WaitFor.Ready, cancellationToken);
        var name = GuestTemplate.NameOfClone(id);
        await using var port = await OwnerPortCalls.ConnectAsync(call.ResponseStream.Current.Held.Connection.OwnerPort, cancellationToken);

        var start = Stopwatch.GetTimestamp();
        var plugged = (await daemon.Client.Sandboxes.PlugDeviceAsync(
            new PlugCloneRequest { Name = name, Image = new PlugImage { Digest = image.Digest } }, cancellationToken: cancellationToken)).Device;
        samples.Add("sandbox.image_plugged", Since(start));
        var root = await port.MountAsync("image", plugged.Bridge, cancellationToken);
        samples.Add("sandbox.image_mounted", Since(start));

        start = Stopwatch.GetTimestamp();
        var card = (await daemon.Client.Sandboxes.PlugDeviceAsync(
            new PlugCloneRequest { Name = name, Nic = new PlugNic { NetworkNamespace = network.Path, Tap = PodNamespace.Tap } }, cancellationToken: cancellationToken)).Device;
        samples.Add("sandbox.card_plugged", Since(start));
        await port.NetworkAsync(PhysicalAddress.Parse(card.Mac), PodNamespace.GuestAddress, PodNamespace.Prefix, cancellationToken);
        samples.Add("sandbox.card_set_up", Since(start));
        await network.SetUpAsync(cancellationToken);
        start = Stopwatch.GetTimestamp();
        await network.AskAsync(cancellationToken);
        samples.Add("sandbox.card_first_answer", Since(start));

        start = Stopwatch.GetTimestamp();
        await port.RunAsync("first", ContainerImage.Config(root, "sleep", "600"), cancellationToken);
        samples.Add("sandbox.first_run", Since(start));
        start = Stopwatch.GetTimestamp();
        await (await port.RunAsync("next", ContainerImage.Config(root, "true"), cancellationToken)).EndedAsync(cancellationToken);
        samples.Add("sandbox.run_and_end", Since(start));
        start = Stopwatch.GetTimestamp();
        await (await port.ExecAsync("first", ContainerImage.Process("true"), cancellationToken)).EndedAsync(cancellationToken);
        samples.Add("sandbox.exec_and_end", Since(start));
        await ReleaseAsync(id, cancellationToken);
    }

    private static double Since(long start) => Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}
