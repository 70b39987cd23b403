using Grpc.Core;
using Templating.Csi.V1;
using Templating.IntegrationTests.Node;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Kubernetes;

/// <summary>Volumes of VM pods: the real daemon, real mounts, and the test as the kubelet.</summary>
public sealed class VolumeTests : NodeTest
{
    private const UnixFileMode Anyone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public async Task AVolumeHasItsRevisionReadOnlyAndASocketFolderForAnyUser()
    {
        await using var node = await ClusterNode.StartAsync();
        var template = await node.Node.Client.GetTemplateAsync(Limit);
        var target = await node.PublishAsync("one", Limit);

        Directory.EnumerateFileSystemEntries(target).Select(Path.GetFileName).Order().ShouldBe(["images", "revision", "socket"]);
        new FileInfo(Path.Combine(target, "revision/memory")).Length.ShouldBe(template.Memory.Size);
        File.ReadAllBytes(Path.Combine(target, "revision/manifest.json"))
            .ShouldBe(File.ReadAllBytes(Path.Combine(node.Node.Folder.RevisionFolder(template.Name), "manifest.json")));
        Directory.EnumerateFiles(Path.Combine(target, "images")).Select(Path.GetFileName).ShouldBe(template.Images.Select(i => i.Sha256));
        File.GetUnixFileMode(Path.Combine(target, "socket")).ShouldBe(Anyone | UnixFileMode.StickyBit);
        // Root may write anywhere but on what is mounted read-only.
        Should.Throw<IOException>(() => new FileStream(Path.Combine(target, "revision/state"), FileMode.Open, FileAccess.Write).Dispose());
        (await node.Node.Client.GetTemplateAsync(Limit)).Clones.ShouldBe(1);

        var stats = await node.Csi.NodeGetVolumeStatsAsync(
            new NodeGetVolumeStatsRequest { VolumeId = ClusterNode.VolumeId("one"), VolumePath = target }, cancellationToken: Limit);
        stats.VolumeCondition.Abnormal.ShouldBeFalse(stats.VolumeCondition.Message);
        stats.Usage[0].Total.ShouldBe(template.Memory.Size + template.DeviceState.Size + template.Images.Sum(i => i.Size));

        await node.UnpublishAsync("one", Limit);
        node.Mounted().ShouldBeEmpty();
        Directory.Exists(target).ShouldBeFalse();
        (await node.Node.Client.GetTemplateAsync(Limit)).Clones.ShouldBe(0);
    }

    [Fact]
    public async Task EverythingMayBeAskedTwice()
    {
        await using var node = await ClusterNode.StartAsync();
        var target = await node.PublishAsync("one", Limit);
        var mounts = node.Mounted().Count;
        await node.PublishAsync("one", Limit);
        node.Mounted().Count.ShouldBe(mounts);
        File.WriteAllText(Path.Combine(target, "socket/left"), "by the pod");

        await node.UnpublishAsync("one", Limit);
        await node.UnpublishAsync("one", Limit);
        await node.UnpublishAsync("never-there", Limit);
        node.Mounted().ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatAPodMayNotHaveIsRefusedAndLeavesNothing()
    {
        await using var node = await ClusterNode.StartAsync();
        var other = await ClusterNode.RefusedAsync(
            node.Csi.NodePublishVolumeAsync(node.Publication("one", tenant: "other"), cancellationToken: Limit), StatusCode.NotFound);
        other.Status.Detail.ShouldContain("'web'");
        other.Status.Detail.ShouldContain("'other'");

        var crossing = node.Publication("one", tenant: "other");
        crossing.VolumeContext["namespace"] = PreparedStore.Tenant;
        await ClusterNode.RefusedAsync(node.Csi.NodePublishVolumeAsync(crossing, cancellationToken: Limit), StatusCode.PermissionDenied);

        var revision = node.Publication("one");
        revision.VolumeContext["revision"] = "0123456789";
        await ClusterNode.RefusedAsync(node.Csi.NodePublishVolumeAsync(revision, cancellationToken: Limit), StatusCode.NotFound);

        var faulty = node.Publication("one");
        faulty.TargetPath = Path.Combine(node.Kubelet, "pods/../../etc");
        faulty.VolumeContext["template"] = "../web";
        var faults = await ClusterNode.RefusedAsync(node.Csi.NodePublishVolumeAsync(faulty, cancellationToken: Limit), StatusCode.InvalidArgument);
        faults.Status.Detail.ShouldContain("target_path");
        faults.Status.Detail.ShouldContain("volume_context[template]");

        node.Mounted().ShouldBeEmpty();
        Directory.EnumerateFiles(Path.Combine(node.Node.Folder.Run, "volumes")).ShouldBeEmpty();
    }

    [Fact]
    public async Task ACorruptTemplateIsRefused()
    {
        await using var node = await ClusterNode.StartAsync();
        var template = await node.Node.Client.GetTemplateAsync(Limit);
        var state = Path.Combine(node.Node.Folder.RevisionFolder(template.Name), "state");
        File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var bytes = File.ReadAllBytes(state);
        bytes[^1] ^= 1;
        File.WriteAllBytes(state, bytes);

        var refused = await ClusterNode.RefusedAsync(
            node.Csi.NodePublishVolumeAsync(node.Publication("one"), cancellationToken: Limit), StatusCode.FailedPrecondition);
        refused.Status.Detail.ShouldContain("state");
        node.Mounted().ShouldBeEmpty();
    }

    [Fact]
    public async Task VolumesOutliveTheDaemon()
    {
        await using var node = await ClusterNode.StartAsync();
        var target = await node.PublishAsync("one", Limit);
        await node.Node.Daemon.KillAsync(Limit);
        File.Exists(Path.Combine(target, "revision/memory")).ShouldBeTrue();
        await node.RestartAsync();

        var pod = await node.Node.Client.Pods.GetPodAsync(
            new GetPodRequest { Name = $"tenants/{PreparedStore.Tenant}/pods/one" }, cancellationToken: Limit);
        pod.Template.ShouldStartWith(PreparedStore.Template);
        (await node.Node.Client.GetTemplateAsync(Limit)).Clones.ShouldBe(1);
        await node.PublishAsync("one", Limit);
        await node.UnpublishAsync("one", Limit);
        node.Mounted().ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatAKilledDaemonLeftHalfIsUndoneAndCanBePublished()
    {
        await using var node = await ClusterNode.StartAsync();
        var target = await node.PublishAsync("one", Limit);
        await node.Node.Daemon.KillAsync(Limit);
        // As if the kill had come between the mounts and the record of their end.
        var record = Path.Combine(node.Node.Folder.Run, "volumes", ClusterNode.VolumeId("one") + ".json");
        File.WriteAllText(record, File.ReadAllText(record).Replace("\"complete\": true", "\"complete\": false", StringComparison.Ordinal));
        await node.RestartAsync();

        node.Mounted().ShouldBeEmpty();
        Directory.Exists(target).ShouldBeFalse();
        File.Exists(record).ShouldBeFalse();
        await node.PublishAsync("one", Limit);
        await node.UnpublishAsync("one", Limit);
    }

    [Fact]
    public async Task NothingOfSomebodyElseIsUnmounted()
    {
        await using var node = await ClusterNode.StartAsync();
        var target = node.Target("one");
        Directory.CreateDirectory(target);
        (await Programs.RunAsync("/bin/mount", ["-t", "tmpfs", "other", target], Limit)).ExitCode.ShouldBe(0);
        var failure = await Should.ThrowAsync<RpcException>(() => node.UnpublishAsync("one", Limit));
        failure.StatusCode.ShouldBe(StatusCode.FailedPrecondition, failure.Status.Detail);
        node.Mounted().ShouldBe([target]);
    }

    [Fact]
    public async Task EachSocketServesItsOwnAndComesBackWhenItIsRemoved()
    {
        await using var node = await ClusterNode.StartAsync();
        (await node.Identity.GetPluginInfoAsync(new GetPluginInfoRequest(), cancellationToken: Limit)).Name.ShouldBe("templating.dev");
        (await node.Csi.NodeGetInfoAsync(new NodeGetInfoRequest(), cancellationToken: Limit)).NodeId.ShouldBe("node-1");

        using var ours = ClusterNode.Dial(node.Node.Folder.Socket);
        var notThere = await Should.ThrowAsync<RpcException>(
            new Csi.V1.Identity.IdentityClient(ours).GetPluginInfoAsync(new GetPluginInfoRequest(), cancellationToken: Limit).ResponseAsync);
        notThere.StatusCode.ShouldBe(StatusCode.Unimplemented);
        using var csi = ClusterNode.Dial(node.CsiSocket);
        var norHere = await Should.ThrowAsync<RpcException>(
            new NodeService.NodeServiceClient(csi).GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit).ResponseAsync);
        norHere.StatusCode.ShouldBe(StatusCode.Unimplemented);

        File.Delete(node.RegistrationSocket);
        await Eventually.UntilAsync(() => File.Exists(node.RegistrationSocket), "the registration socket is there", cancellationToken: Limit);
        using var registration = ClusterNode.Dial(node.RegistrationSocket);
        var info = await new PluginRegistration.V1.Registration.RegistrationClient(registration)
            .GetInfoAsync(new PluginRegistration.V1.InfoRequest(), new CallOptions(cancellationToken: Limit).WithWaitForReady());
        (info.Type, info.Endpoint).ShouldBe(("CSIPlugin", node.CsiSocket));
    }
}
