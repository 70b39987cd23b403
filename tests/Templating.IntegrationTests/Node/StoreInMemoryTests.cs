using System.Globalization;
using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>A store on tmpfs: a page that a clone writes where the template's file has a hole would be made in that file, too.</summary>
public sealed class StoreInMemoryTests : NodeTest
{
    [Fact]
    public async Task WhatClonesWriteMakesNoTemplateGrowAndAFullStoreKillsNobody()
    {
        var disk = await SmallDisk.MountAsync(400, Limit);
        if (disk is null)
        {
            return;
        }

        // As restored from a backup: with holes.
        await PreparedStore.CopyToAsync(disk.Folder);
        await using var node = await TestNode.StartAsync(disk.Folder);
        var template = await node.Client.GetTemplateAsync(Limit);
        var file = Path.Combine(node.Folder.RevisionFolder(template.Name), "memory");
        (await BlocksAsync(file)).ShouldBeLessThan(GuestSpecs.MemoryBytes / 2);

        var first = await node.Client.CloneAsync(Limit);
        (await BlocksAsync(file)).ShouldBe(GuestSpecs.MemoryBytes);
        disk.FillUp();
        var second = await node.Client.CloneAsync(Limit);
        foreach (var clone in new[] { first, second })
        {
            (await node.Client.ShellAsync(clone, "yes | head -c 40000000 >/run/much && echo written", Limit)).Output.ShouldBe("written\n");
        }

        (await BlocksAsync(file)).ShouldBe(GuestSpecs.MemoryBytes);
        await FailsAsync(node.Client.BuildAsync("other", GuestSpecs.Web(), Limit), StatusCode.ResourceExhausted, "DISK_FULL");
        foreach (var clone in new[] { first, second })
        {
            (await node.Client.GetAsync(clone, Limit)).State.ShouldBe(CloneState.Running);
        }

        (await node.Client.VerifyAsync(Limit)).Sound.ShouldBeTrue();
        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).MemoryChargedBytes
            .ShouldBeGreaterThanOrEqualTo(first.ChargedBytes + second.ChargedBytes + GuestSpecs.MemoryBytes, "the template is memory of the host");
    }

    private async Task<long> BlocksAsync(string path) =>
        long.Parse((await Programs.RunAsync("/usr/bin/stat", ["-c", "%b", path], Limit)).Output, CultureInfo.InvariantCulture) * 512;
}
