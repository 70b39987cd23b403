using System.Net.Sockets;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Templating.Api.Client;
using Templating.Api.Pods;
using Templating.Contract;
using Templating.Node.PodProcess;
using Templating.Testing;
using Templating.UnitTests.Pods;
using Templating.V1;

namespace Templating.UnitTests.Node.PodProcess;

/// <summary>The pod's socket, spoken to by its client and by those who do not keep to the protocol.</summary>
public sealed class PodServerTests
{
    [Fact]
    public async Task ItIsWatchedActivatedAndStopped()
    {
        await using var pod = await FakePod.StartAsync();
        await using var watch = pod.Client.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        (await NextAsync(watch)).State.ShouldBe(PodState.Waiting);

        var status = await pod.Client.ActivateAsync(Activation(), CancellationToken.None).Soonest();

        status.State.ShouldBe(PodState.Ready);
        status.Identity.Hostname.ShouldBe("me");
        status.RequestId.ShouldBe(Activation().RequestId);
        (await NextAsync(watch)).State.ShouldBe(PodState.Activating);
        (await NextAsync(watch)).State.ShouldBe(PodState.Ready);
        (await pod.Client.QueryAsync(withMemory: true, CancellationToken.None).Soonest()).Memory.Private.ShouldBe(1);
        (await pod.Client.StopAsync(TimeSpan.Zero, CancellationToken.None).Soonest()).State.ShouldBe(PodState.Stopped);
        (await NextAsync(watch)).State.ShouldBe(PodState.Stopped);
        (await watch.MoveNextAsync().AsTask().Soonest()).ShouldBeFalse();
    }

    [Fact]
    public async Task EveryFaultOfAnActivationIsToldAndNothingHappens()
    {
        await using var pod = await FakePod.StartAsync();
        var activation = new Activation
        {
            RequestId = "7",
            Id = "Web",
            Hostname = "_",
            Environment = { ["1"] = "" },
            Files = { new GuestFile { Path = "etc", Mode = uint.MaxValue } },
            Forwards = { new PortForward { GuestPort = 80, HostPort = 80, HostAddress = "127.0.0.1" } },
            IdentityTimeout = new Google.Protobuf.WellKnownTypes.Duration(),
        };

        var refusal = await RefusedAsync(pod.Client.ActivateAsync(activation, CancellationToken.None));

        refusal.Reason.ShouldBe("INVALID_ARGUMENT");
        refusal.Violations.Select(v => v.Field).ShouldBe(
            ["request_id", "id", "hostname", "environment", "files[0].path", "files[0].mode", "forwards[0].host_port", "forwards[0].host_address", "identity_timeout"],
            ignoreOrder: true);
        pod.Vm.View.State.ShouldBe(Core.Vms.VmState.Restored);
    }

    [Fact]
    public async Task AProgramRunsAndItsExitCodeComesBack()
    {
        await using var pod = await FakePod.StartAsync();
        await pod.Client.ActivateAsync(Activation(), CancellationToken.None).Soonest();
        using var call = await pod.Client.ExecAsync(CancellationToken.None);

        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = new ExecStart { Arguments = { "false" } } });

        (await call.ResponseStream.MoveNext(CancellationToken.None).Soonest()).ShouldBeTrue();
        call.ResponseStream.Current.Exit.Code.ShouldBe(1);
        (await call.ResponseStream.MoveNext(CancellationToken.None).Soonest()).ShouldBeFalse();
    }

    [Fact]
    public async Task AProgramOfAWaitingPodIsRefused()
    {
        await using var pod = await FakePod.StartAsync();
        using var call = await pod.Client.ExecAsync(CancellationToken.None);
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = new ExecStart { Arguments = { "true" } } });

        (await RefusedAsync(call.ResponseStream.MoveNext(CancellationToken.None))).Reason.ShouldBe("ILLEGAL_STATE");
    }

    [Theory]
    [InlineData(new byte[] { 127, 0, 0, 0, 1, 2, 3, 4 }, "at most 1048576 are allowed")]
    [InlineData(new byte[] { 0, 0, 0, 0 }, "request")]
    [InlineData(new byte[] { 0, 0, 0, 2, 255, 255, 9, 9, 9, 9 }, "not what was expected")]
    public async Task WhoBreaksTheProtocolReadsWhy(byte[] bytes, string why)
    {
        await using var pod = await FakePod.StartAsync();
        using var socket = Connect(pod);
        await socket.SendAsync(bytes);

        (await ReadErrorAsync(socket)).Message.ShouldContain(why);
    }

    [Fact]
    public async Task TheConnectionBeyondTheLimitReadsItsRefusalEvenAfterItAsked()
    {
        // No time passes: none of those that say nothing is sent away for it.
        await using var pod = await FakePod.CreateAsync(new FakeTimeProvider());
        await pod.Vm.StartAsync(self: null);
        var held = Enumerable.Range(0, PodServer.MaxConnections).Select(_ => Connect(pod)).ToList();
        try
        {
            var refusal = await RefusedAsync(pod.Client.QueryAsync(withMemory: false, CancellationToken.None));

            refusal.Reason.ShouldBe("NODE_CAPACITY_EXHAUSTED");
            refusal.Code.ShouldBe(StatusCode.ResourceExhausted);
        }
        finally
        {
            held.ForEach(s => s.Dispose());
        }
    }

    [Fact]
    public async Task WhoConnectsAndSaysNothingIsSentAway()
    {
        var time = new FakeTimeProvider();
        await using var pod = await FakePod.CreateAsync(time);
        await pod.Vm.StartAsync(self: null);
        using var socket = Connect(pod);
        var reading = ReadErrorAsync(socket);
        while (!reading.IsCompleted)
        {
            // Whether its deadline runs already nobody tells.
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None));
        }

        (await reading).Message.ShouldContain("No request came within 10 s");
    }

    [Fact]
    public async Task OnlyItsOwnUserMayOpenTheSocket()
    {
        await using var pod = await FakePod.StartAsync();

        (File.GetUnixFileMode(pod.SocketPath) & (UnixFileMode)0x3f).ShouldBe(UnixFileMode.None);
    }

    [Fact]
    public async Task ALinkInTheSocketsPlaceIsNotFollowed()
    {
        await using var pod = await FakePod.StartAsync();
        var link = pod.SocketPath + ".link";
        File.CreateSymbolicLink(link, pod.SocketPath);

        var failure = await RefusedAsync(new PodClient(link).QueryAsync(withMemory: false, CancellationToken.None));

        failure.Code.ShouldBe(StatusCode.Unavailable);
    }

    [Fact]
    public async Task ASocketWhosePathIsLongerThanAnAddressIsReached()
    {
        await using var pod = await FakePod.StartAsync();
        var deep = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(pod.SocketPath)!, new string('d', 120))).FullName;
        File.Move(pod.SocketPath, Path.Combine(deep, VolumeLayout.SocketFile));

        var status = await new PodClient(Path.Combine(deep, VolumeLayout.SocketFile)).QueryAsync(withMemory: false, CancellationToken.None).Soonest();

        status.State.ShouldBe(PodState.Waiting);
    }

    private static Activation Activation() => new()
    {
        RequestId = "0b86cc9f-2a6b-4d3c-9a5e-3d0a4c1e7f21",
        Id = "web-1",
        Hostname = "me",
    };

    private static Socket Connect(FakePod pod)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(pod.SocketPath));
        return socket;
    }

    private static async Task<Google.Rpc.Status> ReadErrorAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket);
        var response = await PodFraming.ReadAsync<PodResponse>(stream, PodResponse.Descriptor, CancellationToken.None).Soonest();
        return response!.Error;
    }

    private static async Task<PodStatus> NextAsync(IAsyncEnumerator<PodStatus> watch)
    {
        (await watch.MoveNextAsync().AsTask().Soonest()).ShouldBeTrue();
        return watch.Current;
    }

    private static Task<TemplatingClientException> RefusedAsync(Task call) => Should.ThrowAsync<TemplatingClientException>(call.Soonest());
}
