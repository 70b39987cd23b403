using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.IntegrationTests.Node;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Pods;

/// <summary>The process of a VM pod, with real QEMU and a folder in the place of its volume.</summary>
public sealed class PodTests : NodeTest
{
    [Fact]
    public async Task APodWaitsUntilItIsActivatedOnceAndThenIsItself()
    {
        using var http = new HttpClient();
        using var pod = await PodProcess.StartAsync(Limit, spoil: null, "--wait");
        var waiting = await pod.WaitAsync(PodState.Waiting, Limit);
        waiting.Phases.Select(p => p.Name).ShouldBe(["qemu_start", "restore"]);
        waiting.Ip.ShouldBe(PodProcess.Ip);
        (await pod.RunAsync("ready", Limit)).ExitCode.ShouldBe(1);
        var activation = new Activation
        {
            RequestId = Guid.NewGuid().ToString("D"),
            Id = "web-7",
            Hostname = "seven",
            Environment = { ["COLOUR"] = "it's blue" },
            UserData = ByteString.CopyFromUtf8("user data"),
            Files = { new GuestFile { Path = "/run/app/deep/secret", Content = ByteString.CopyFromUtf8("s3cret"), Mode = 0x1a0 } },
            Forwards = { new PortForward { GuestPort = 80, HostPort = PodPorts.Next() } },
            IdentityTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(4)),
        };

        var status = await pod.Client.ActivateAsync(activation, Limit);

        status.State.ShouldBe(PodState.Ready);
        (await pod.Client.ActivateAsync(activation, Limit)).Identity.MachineId.ShouldBe(status.Identity.MachineId);
        activation.RequestId = Guid.NewGuid().ToString("D");
        await FailsAsync(pod.Client.ActivateAsync(activation, Limit), Grpc.Core.StatusCode.FailedPrecondition, "ILLEGAL_STATE");
        (await pod.RunAsync("ready", Limit)).ExitCode.ShouldBe(0);
        (await pod.ShellAsync(
            ". /run/templating/env; echo $COLOUR; cat /run/templating/user-data; echo; hostname; cat /run/app/deep/secret; stat -c ' %a' /run/app/deep/secret",
            Limit)).Output.ShouldBe("it's blue\nuser data\nseven\ns3cret 640\n");
        (await http.GetStringAsync(new Uri($"http://127.0.0.1:{status.Network.Forwards[0].HostPort}/"), Limit)).ShouldContain("\"web-7\"");
        pod.Signal(Signals.Terminate);
        (await pod.EndAsync(Limit)).Code.ShouldBe(0);
        pod.LastWords.ShouldBe("the guest powered off");
    }

    [Fact]
    public async Task APodThatNeedNotWaitIsItselfAtOnceAndEndsWithItsGuest()
    {
        using var pod = await PodProcess.StartAsync(Limit, spoil: null, "--env", "MODE=test", "--hostname", "own", "--identity-timeout", "4m");
        await pod.WaitAsync(PodState.Ready, Limit);

        var said = await pod.ShellAsync("cat /run/templating/env /run/templating/id; hostname; echo to the log >/dev/console; exit 7", Limit);
        said.ShouldBe(new ProgramResult(7, "MODE='test'\nweb-1\nown\n", ""));
        await Eventually.UntilAsync(() => pod.Output.Contains("to the log", StringComparison.Ordinal), "the console is printed", cancellationToken: Limit);
        pod.Output.ShouldContain("to the log");
        (await pod.RunAsync("console", Limit, input: null, "--no-follow")).Output.ShouldContain("to the log");

        var powerOff = await pod.ShellAsync("poweroff; sleep 600", Limit);

        powerOff.ExitCode.ShouldBe(0, powerOff.Error);
        powerOff.Error.ShouldContain("the guest powered off");
        (await pod.EndAsync(Limit)).Code.ShouldBe(0);
    }

    [Fact]
    public async Task AGuestThatPanicsFailsThePod()
    {
        using var pod = await PodProcess.StartAsync(Limit, spoil: null, "--identity-timeout", "4m");
        await pod.WaitAsync(PodState.Ready, Limit);

        await pod.ShellAsync("echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger", Limit);

        (await pod.EndAsync(Limit)).Code.ShouldBe(1);
        pod.LastWords.ShouldBe("the guest's kernel panicked: Kernel panic - not syncing: sysrq triggered crash");
    }

    [Fact]
    public async Task AQemuThatIsKilledFailsThePod()
    {
        using var pod = await PodProcess.StartAsync(Limit, spoil: null, "--wait");
        await pod.WaitAsync(PodState.Waiting, Limit);

        Signals.Send(pod.Machines.ShouldHaveSingleItem(), Signals.Kill).ShouldBeTrue();

        (await pod.EndAsync(Limit)).Code.ShouldBe(1);
        pod.LastWords.ShouldContain("killed by signal 9");
    }

    [Fact]
    public async Task AQemuEndsWithItsPodHoweverThatEnds()
    {
        using var pod = await PodProcess.StartAsync(Limit, spoil: null, "--wait");
        await pod.WaitAsync(PodState.Waiting, Limit);
        pod.Machines.ShouldHaveSingleItem();

        pod.Signal(Signals.Kill);

        await Eventually.UntilAsync(() => pod.Machines.Count == 0, "no QEMU is left", cancellationToken: Limit);
        pod.Machines.ShouldBeEmpty();
    }

    [Fact]
    public async Task AVolumeThatIsNotWhatWasPublishedIsRefused()
    {
        using var pod = await PodProcess.StartAsync(Limit, volume =>
        {
            var state = Path.Combine(volume, "revision", "state");
            var bytes = File.ReadAllBytes(state);
            bytes[^1] ^= 1;
            File.Delete(state);
            File.WriteAllBytes(state, bytes);
        });

        (await pod.EndAsync(Limit)).Code.ShouldBe(1);
        pod.LastWords.ShouldContain("is not what was published");
    }
}
