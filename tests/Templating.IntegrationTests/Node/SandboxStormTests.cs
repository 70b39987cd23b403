using Grpc.Core;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.IntegrationTests.Node;

/// <summary>Many owners at once where there is room for few, who plug things in; owners are killed, and so is the daemon.</summary>
public sealed class SandboxStormTests(SandboxNode fixture, ITestOutputHelper output) : NodeTest, IClassFixture<SandboxNode>
{
    private const int Owners = 32;

    // 128 MiB of RAM and what QEMU takes beside it.
    private const string RoomForEight = "1600MiB";

    private TestNode Node => fixture.Node;

    [Fact]
    public async Task ThirtyTwoOwnersOnRoomForEightGetOneEachOrAClearRefusalAndNoVmIsLeftWithoutAnOwner()
    {
        var seed = long.TryParse(Environment.GetEnvironmentVariable("TEMPLATING_STORM_SEED"), out var given) ? given : Environment.TickCount64;
        output.WriteLine($"TEMPLATING_STORM_SEED={seed}");
        var dice = new Dice(seed);
        await Node.Daemon.StopAsync(Limit);
        using var tree = new TempFolder();
        await File.WriteAllTextAsync(tree["file"], "of the image");
        await Node.RestartAsync(("MEMORY_BUDGET", RoomForEight), ("IMAGES_FOLDERS", Path.GetDirectoryName(tree.Path)!));
        var image = await Node.Client.Images.PublishImageAsync(
            new PublishImageRequest { Tenant = PreparedStore.Tenant, Folder = tree.Path }, cancellationToken: Limit);
        using var pod = await PodNetwork.MakeAsync();
        var owners = Enumerable.Range(0, Owners).Select(_ => new SandboxOwner()).ToList();
        try
        {
            var tries = await Task.WhenAll(owners.Select((owner, i) => TryAcquireAsync($"storm-{i}", owner)));
            var held = tries.Where(t => t.Call is not null).Select(t => t.Call!).ToList();
            var refusals = tries.Where(t => t.Call is null).Select(t => t.Refusal).Distinct();
            output.WriteLine($"{held.Count} held; refused: {string.Join(", ", refusals)}");
            held.Count.ShouldBeInRange(4, 12);
            refusals.ShouldBe(["NODE_MEMORY_EXHAUSTED"]);
            held.Select(c => c.Clone.Pid).ShouldBeUnique();
            held.Select(c => c.Clone.Owner.Pid).ShouldBeUnique();
            await EveryVmIsKnownAsync(Node);

            foreach (var call in held)
            {
                await PlugAsync(call, new PlugCloneRequest { Image = new PlugImage { Digest = image.Digest } });
                await PlugAsync(call, dice.Next(2) == 0
                    ? new PlugCloneRequest { Disk = new PlugDisk { SizeBytes = 8 << 20 } }
                    : new PlugCloneRequest { Nic = new PlugNic { NetworkNamespace = pod.Path } });
            }

            foreach (var call in held.Where(_ => dice.Next(2) == 0))
            {
                await call.DetachAsync();
            }

            var killed = owners.Where(_ => dice.Next(3) == 0).ToList();
            await Task.WhenAll(killed.Select(owner => owner.KillAsync(Limit)).Append(KillDaemonAsync(dice.Next(20))));
            held.ForEach(call => call.Dispose());
            await Node.RestartAsync();

            await EachHasALivingOwnerAsync(owners);
            await EveryVmIsKnownAsync(Node);
            var left = await ListAsync(Node);
            output.WriteLine($"{left.Count} left");
            left.ShouldAllBe(clone => clone.Devices.Count == 2);
            (await pod.RunAsync("ip -o link")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length
                .ShouldBe(1 + left.Count(clone => clone.Devices.Any(d => d.Kind == PluggedKind.Nic)), "each card has its tap, and lo is there");
            if (left.Count > 0)
            {
                await FailsAsync(DeleteImageAsync(image), StatusCode.FailedPrecondition, "IMAGE_IN_USE");
            }

            await Task.WhenAll(owners.Where(owner => owner.Lives).Select(owner => owner.KillAsync(Limit)));
            await NothingIsLeftAsync(Node);
            (await pod.RunAsync("ip -o link | wc -l")).ShouldBe("1\n");
            await DeleteImageAsync(image);
            Directory.EnumerateFiles($"/proc/{Node.Daemon.Pid}/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "")
                .ShouldNotContain(target => target.Contains("/staging/disk-", StringComparison.Ordinal));
        }
        finally
        {
            owners.ForEach(owner => owner.Dispose());
        }
    }

    private async Task PlugAsync(SandboxCall call, PlugCloneRequest request)
    {
        request.Name = call.Clone.Name;
        await Node.Client.Sandboxes.PlugDeviceAsync(request, cancellationToken: Limit);
    }

    private async Task DeleteImageAsync(Image image) =>
        await Node.Client.Images.DeleteImageAsync(new DeleteImageRequest { Name = image.Name }, cancellationToken: Limit);

    private async Task EachHasALivingOwnerAsync(List<SandboxOwner> owners)
    {
        var living = owners.Where(owner => owner.Lives).Select(owner => owner.Pid).ToHashSet();
        await Eventually.SeeAsync<IReadOnlyList<VmClone>>(
            async () => await ListAsync(Node), clones => clones.All(c => c.Owner.Detached && living.Contains(c.Owner.Pid)),
            "each VM is detached and its owner lives", cancellationToken: Limit);
    }

    private async Task KillDaemonAsync(int milliseconds)
    {
        // The moment is what is tried here.
        await Task.Delay(milliseconds, Limit);
        await Node.Daemon.KillAsync(Limit);
    }

    private async Task<(SandboxCall? Call, string Refusal)> TryAcquireAsync(string id, SandboxOwner owner)
    {
        try
        {
            return (await SandboxCall.AcquireAsync(Node.Client, id, owner.Pid, Limit), "");
        }
        catch (Api.Client.TemplatingClientException e)
        {
            return (null, e.Reason);
        }
    }
}
