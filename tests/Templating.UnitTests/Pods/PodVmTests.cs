using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;
using Templating.Node.PodProcess;
using Templating.Testing;

namespace Templating.UnitTests.Pods;

/// <summary>One VM, activated once, with a fake in QEMU's place.</summary>
public sealed class PodVmTests
{
    [Fact]
    public async Task ItWaitsAndBecomesWhatItsActivationSays()
    {
        await using var pod = await FakePod.StartAsync(new PortForward(22, 2022, "0.0.0.0"));
        pod.Vm.View.State.ShouldBe(VmState.Restored);
        pod.Machine.State.ShouldBe(VmRunState.Paused);

        var view = await ActivateAsync(pod, Activation() with { Inputs = new IdentityInputs { Files = [new InjectedFile("/f", "x"u8.ToArray())] }, Forwards = [new PortForward(80, 8080, "0.0.0.0")] });

        view.State.ShouldBe(VmState.Running);
        view.ReadyAt.ShouldNotBeNull();
        view.Id.ShouldBe("web-1");
        view.Network.Forwards.Select(f => f.HostPort).ShouldBe([2022, 8080]);
        view.Phases.Select(p => p.Name).ShouldBe(["qemu_start", "restore", "resume", "identity"]);
        pod.Machine.State.ShouldBe(VmRunState.Running);
        pod.Machine.Identity!.Hostname.ShouldBe("web-1");
        pod.Machine.Identity.Files.ShouldHaveSingleItem().Path.ShouldBe("/f");
        pod.Machine.Forwards.ShouldHaveSingleItem().HostPort.ShouldBe(8080);
    }

    [Fact]
    public async Task TheSameRequestGetsTheFirstResultAndAnotherIsRefused()
    {
        await using var pod = await FakePod.StartAsync();
        var first = await ActivateAsync(pod, Activation());

        (await ActivateAsync(pod, Activation())).ShouldBe(first);
        (await FailsAsync(ActivateAsync(pod, Activation() with { RequestId = Guid.NewGuid() }))).ShouldBe(ErrorCode.IllegalState);
        (await FailsAsync(ActivateAsync(pod, Activation() with { Inputs = new IdentityInputs { Hostname = "other" } }))).ShouldBe(ErrorCode.RequestIdReused);
        pod.Vm.View.ShouldBe(first);
    }

    [Fact]
    public async Task OfManyActivationsAtOnceOneWins()
    {
        await using var pod = await FakePod.StartAsync();

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
        {
            try
            {
                await ActivateAsync(pod, Activation() with { RequestId = Guid.NewGuid(), Id = $"web-{i}" });
                return (ErrorCode?)null;
            }
            catch (TemplatingException e)
            {
                return e.Code;
            }
        }))).Soonest();

        all.Count(code => code is null).ShouldBe(1);
        all.Count(code => code is ErrorCode.IllegalState).ShouldBe(19);
    }

    [Fact]
    public async Task ACallerThatGivesUpDoesNotUndoTheActivation()
    {
        await using var pod = await FakePod.StartAsync();
        var identify = new TaskCompletionSource();
        pod.Vmm.OnStep = (step, _, _) => step is "identify" ? identify.Task : Task.CompletedTask;
        using var impatient = new CancellationTokenSource();
        var first = pod.Vm.ActivateAsync(Activation(), impatient.Token);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first.Soonest());

        var second = ActivateAsync(pod, Activation());
        identify.SetResult();

        (await second).ReadyAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task APortThatIsTakenIsRefusedAndThePodStillWaits()
    {
        await using var pod = await FakePod.StartAsync(new PortForward(80, 8080, "0.0.0.0"));

        (await FailsAsync(ActivateAsync(pod, Activation() with { Forwards = [new PortForward(81, 8080, "0.0.0.0")] }))).ShouldBe(ErrorCode.InvalidArgument);

        pod.Vm.View.State.ShouldBe(VmState.Restored);
        (await ActivateAsync(pod, Activation())).ReadyAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task APodWhoseSocketCannotBeMadeEndsWithoutWaitingForItsVm()
    {
        await using var pod = await FakePod.StartAsync();
        var volume = PodVolume.Open(Path.GetDirectoryName(Path.GetDirectoryName(pod.SocketPath))!);
        var neverBegun = new PodVm(pod.Vmm, volume, Path.Combine(volume.Folder, "other"), [], TimeProvider.System);

        await neverBegun.DisposeAsync().AsTask().Soonest();

        neverBegun.Ended.IsCompleted.ShouldBeFalse();
    }

    [Theory]
    [InlineData("prepare")]
    [InlineData("restore")]
    public async Task AStartThatFailsEndsThePodWithItsReason(string at)
    {
        await using var pod = await FakePod.CreateAsync();
        pod.Vmm.FailAt(at, ErrorCode.QemuExited, "No luck.");

        await pod.Vm.StartAsync(self: null).Soonest();

        (await pod.Vm.Ended.Soonest()).ShouldBe(new VmEnd(VmState.Failed, InOrder: false, "No luck.") { Failure = ErrorCode.QemuExited });
        pod.Vm.View.State.ShouldBe(VmState.Failed);
    }

    [Fact]
    public async Task AnIdentityThatFailsEndsThePodAndItsVm()
    {
        await using var pod = await FakePod.StartAsync();
        pod.Vmm.FailAt("identify", ErrorCode.IdentityNotConfirmed, "Who?");

        (await FailsAsync(ActivateAsync(pod, Activation()))).ShouldBe(ErrorCode.IdentityNotConfirmed);

        (await pod.Vm.Ended.Soonest()).ShouldBe(new VmEnd(VmState.Failed, InOrder: false, "Who?") { Failure = ErrorCode.IdentityNotConfirmed });
        pod.Machine.Killed.ShouldBeTrue();
    }

    [Fact]
    public async Task ATemplateOfAnotherQemuIsRefused()
    {
        await using var pod = await FakePod.CreateAsync();
        pod.Vmm.Info = pod.Vmm.Info with { Version = "11.0" };

        await pod.Vm.StartAsync(self: null).Soonest();

        (await pod.Vm.Ended.Soonest())!.Reason.ShouldContain("it was made by QEMU 10.0.2 (Fake), and this node has 11.0");
    }

    [Fact]
    public async Task AWaitingPodThatIsToldToStopEndsInOrder()
    {
        await using var pod = await FakePod.StartAsync();

        await pod.Vm.StopAsync(TimeSpan.FromMinutes(1)).Soonest();

        (await pod.Vm.Ended).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, "told to stop"));
        pod.Vm.View.State.ShouldBe(VmState.Stopped);
        (await FailsAsync(ActivateAsync(pod, Activation()))).ShouldBe(ErrorCode.IllegalState);
    }

    [Theory]
    [InlineData(true, false, VmState.Stopped)]
    [InlineData(false, false, VmState.Failed)]
    [InlineData(true, true, VmState.Failed)]
    public async Task TheGuestsEndIsThePods(bool guestRequested, bool panicked, VmState state)
    {
        await using var pod = await FakePod.StartAsync();
        await ActivateAsync(pod, Activation());
        var watch = WatchAsync(pod);

        pod.Machine.End("the end", guestRequested, panicked);

        (await pod.Vm.Ended.Soonest())!.InOrder.ShouldBe(state == VmState.Stopped);
        (await watch.Soonest()).ShouldBe(state);
    }

    private static async Task<VmState> WatchAsync(FakePod pod)
    {
        var last = VmState.Prepared;
        await foreach (var view in pod.Vm.WatchAsync(CancellationToken.None))
        {
            last = view.State;
        }

        return last;
    }

    private static readonly Guid Request = Guid.NewGuid();

    private static Activation Activation() => new("web-1", new IdentityInputs(), []) { RequestId = Request };

    private static Task<VmView> ActivateAsync(FakePod pod, Activation activation) => pod.Vm.ActivateAsync(activation, CancellationToken.None).Soonest();

    private static async Task<ErrorCode> FailsAsync(Task<VmView> activation) => (await Should.ThrowAsync<TemplatingException>(activation)).Code;
}
