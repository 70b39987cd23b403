using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Each refusal names whose fault it is, and is retryable only where a retry can help.</summary>
public sealed class BlameTests(SharedNode shared) : SharedNodeTest(shared)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PortThatIsTakenIsNamedAndLeavesNothing(bool outbound)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var failure = await FailsAsync(OnPortAsync(port, outbound), StatusCode.FailedPrecondition, "PORT_UNAVAILABLE");

        failure.Message.ShouldContain($"Port {port} of 127.0.0.1 is taken");
        failure.Metadata["port"].ShouldBe(port.ToString(CultureInfo.InvariantCulture));
        failure.RetryAfter.ShouldBeNull();
        await NothingIsLeftAsync(Node);
        taken.Stop();
        var clone = await OnPortAsync(port, outbound);
        clone.Network.Forwards.ShouldHaveSingleItem().HostPort.ShouldBe(port);
    }

    /// <summary>Neither listens yet when the other looks whether the port is free.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OfClonesThatStartAtOnceWithOnePortOneHasItAndTheOthersHearWhy(bool outbound)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();

        var results = await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            try
            {
                await OnPortAsync(port, outbound);
                return null;
            }
            catch (TemplatingClientException e)
            {
                return e;
            }
        }));

        results.Count(failure => failure is null).ShouldBe(1);
        foreach (var failure in results.OfType<TemplatingClientException>())
        {
            failure.Reason.ShouldBe("PORT_UNAVAILABLE");
            failure.Message.ShouldContain($"Port {port} of 127.0.0.1 is taken");
            failure.Metadata["port"].ShouldBe(port.ToString(CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task FileOnAReadOnlyRootOfTheGuestIsNamed()
    {
        var failure = await FailsAsync(
            CloneAsync(r => r.Spec.Files.Add(new GuestFile { Path = "/etc/app/conf", Content = ByteString.CopyFromUtf8("x") })),
            StatusCode.FailedPrecondition, "GUEST_FILE_REFUSED");

        failure.Message.ShouldContain("/etc/app/conf");
        failure.Message.ShouldContain("Read-only file system");
        failure.Metadata["file"].ShouldBe("/etc/app/conf");
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task KernelAndInitrdThatAreNoneAreFaultsOfTheirFields()
    {
        var text = Node.Folder["notes"];
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat("This is no kernel.\n", 10_000)), Limit);
        var spec = GuestSpecs.Web();
        (spec.Guest.KernelPath, spec.Guest.InitrdPath) = (text, text);

        var failure = await FailsAsync(Client.BuildAsync("none", spec, Limit), StatusCode.InvalidArgument, "INVALID_ARGUMENT");

        failure.Violations.Select(v => v.Field).ShouldBe(["spec.guest.kernel_path", "spec.guest.initrd_path"]);
        failure.RetryAfter.ShouldBeNull();
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task MachineThatIsNotToBeHadIsAFaultOfItsField()
    {
        var spec = GuestSpecs.Web();
        spec.Machine.CpuModel = "z80";

        var failure = await FailsAsync(Client.BuildAsync("none", spec, Limit), StatusCode.FailedPrecondition, "QEMU_UNSUPPORTED");

        failure.Violations.ShouldHaveSingleItem().Field.ShouldBe("spec.machine.cpu_model");
    }

    [Fact]
    public async Task MemoryBeyondTheWholeNodeIsNotRetried()
    {
        var spec = GuestSpecs.Web();
        spec.Machine.MemoryBytes = 512L << 30;

        var failure = await FailsAsync(Client.BuildAsync("huge", spec, Limit), StatusCode.FailedPrecondition, "NODE_TOO_SMALL");

        failure.RetryAfter.ShouldBeNull();
        failure.Message.ShouldContain("memory budget");
        await NothingIsLeftAsync(Node);
    }

    /// <summary>Lowered from outside while it runs, so that it is the clone's files for which there is no descriptor.</summary>
    [Fact]
    public async Task DescriptorsThatAreAllTakenAreSaidToBe()
    {
        await using var node = await TestNode.StartAsync();
        await node.Client.CloneAsync(Limit); // the first verifies the template
        // Numbers that are free below the highest count, too: a few are enough for the call itself, and not for a VM.
        const int Few = 3;
        var taken = Directory.EnumerateFileSystemEntries($"/proc/{node.Daemon.Pid}/fd")
            .Select(fd => int.Parse(Path.GetFileName(fd), CultureInfo.InvariantCulture)).ToHashSet();
        var most = Enumerable.Range(0, 4096).Where(fd => !taken.Contains(fd)).Take(Few).Last() + 1;
        await LimitAsync(node, most);

        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.ResourceExhausted, "HOST_EXHAUSTED");

        failure.Message.ShouldContain("Too many open files");
        failure.RetryAfter.ShouldNotBeNull();
        await LimitAsync(node, 4096);
        (await node.Client.CloneAsync(Limit)).State.ShouldBe(CloneState.Running);
    }

    private Task<VmClone> OnPortAsync(int port, bool outbound) => CloneAsync(
        r => r.Spec.Network = new NetworkSpec { Outbound = outbound, Forwards = { new PortForward { GuestPort = 80, HostPort = port } } });

    private async Task LimitAsync(TestNode node, int most) => (await Programs.RunAsync(
        "/usr/bin/prlimit", ["--pid", $"{node.Daemon.Pid}", $"--nofile={most}:4096"], Limit)).ExitCode.ShouldBe(0);
}
