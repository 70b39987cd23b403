using System.Text;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Building;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Templates;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Templates;

/// <summary>What a guest's systemctl may say to a build, and what comes of it.</summary>
public sealed class GuestBootTests : IAsyncLifetime
{
    private readonly FakeNode _node = new();
    private readonly List<string> _asked = [];
    private readonly List<BuildProgress> _told = [];
    private Func<string, int, (string Output, int Code)?> _systemctl = (_, _) => null;

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        _node.Vmm.OnExec = arguments =>
        {
            _asked.Add(string.Join(' ', arguments));
            return arguments[0] == "systemctl" && _systemctl(arguments[1], _asked.Count) is { } said
                ? [new ExecStandardOutput(Encoding.UTF8.GetBytes(said.Output)), new ExecExited(said.Code, null)]
                : [new ExecExited(127, null)];
        };
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task AGuestThatRunsIsFrozenAndTheWarmUpComesAfterItsBoot()
    {
        _systemctl = (_, _) => ("running\n", 0);

        var view = await BuildAsync(new ReadinessSpec { WarmUp = [["systemctl", "restart", "web"]] });

        _asked.ShouldBe(["systemctl is-system-running --wait", "systemctl restart web"]);
        view.Manifest!.FailedUnits.ShouldBeNull();
        view.Manifest.Spec.Readiness.WaitForBoot.ShouldBeNull();
    }

    [Fact]
    public async Task ADegradedGuestIsTakenAndItsFailedUnitsAreTold()
    {
        _systemctl = (verb, _) => verb == "is-system-running"
            ? ("degraded\n", 1)
            : ("web.service       loaded failed failed The web\n\u25cf dev-sda1.mount loaded failed failed\n\n", 0);

        var view = await BuildAsync();

        view.Manifest!.FailedUnits.ShouldBe(["web.service", "dev-sda1.mount"]);
        _told.ShouldContain(step => step.Phase == BuildPhase.Boot && step.Message.Contains("degraded. Failed units: web.service, dev-sda1.mount."));
    }

    /// <summary>Older than version 240: it does not wait.</summary>
    [Fact]
    public async Task ASystemdThatDoesNotWaitIsAskedAgain()
    {
        _systemctl = (_, count) => count switch { 1 => ("initializing\n", 1), 2 => ("starting\n", 1), _ => ("running\n", 0) };

        await BuildAsync();

        _asked.Count.ShouldBe(3);
    }

    [Theory]
    [InlineData("offline\n", 1)]
    [InlineData("unknown\n", 1)]
    [InlineData("", 1)]
    [InlineData("", 0)]
    [InlineData("running\n", 127)]
    [InlineData("", 126)]
    public async Task AGuestWithoutSystemdIsNotWaitedFor(string output, int code)
    {
        _systemctl = (_, _) => (output, code);

        await BuildAsync();

        _asked.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task AGuestThatCannotStartSystemctlIsNotWaitedFor()
    {
        _node.Vmm.OnExec = _ => throw new TemplatingException(ErrorCode.InvalidArgument, "The guest cannot start the program: No such file or directory.");

        await BuildAsync();
    }

    [Fact]
    public async Task WhoDoesNotWantItIsNotAskedFor()
    {
        var view = await BuildAsync(new ReadinessSpec { WaitForBoot = false });

        _asked.ShouldBeEmpty();
        view.Manifest!.Spec.Readiness.WaitForBoot.ShouldBe(false);
    }

    [Fact]
    public async Task ABootWithoutEndEndsTheBuildWithWhatItWaitsFor()
    {
        _systemctl = (verb, _) => verb switch
        {
            "is-system-running" => ("starting\n", 1),
            "list-jobs" => ("12 late.service start waiting\n 7 network-wait.service start running\n", 0),
            _ => ("web.service loaded failed failed The web\n", 0),
        };

        var failure = await Should.ThrowAsync<TemplatingException>(BuildAsync(new ReadinessSpec { Timeout = TimeSpan.FromSeconds(1) }));

        failure.Code.ShouldBe(ErrorCode.GuestNotReady);
        failure.Message.ShouldContain("it is in state 'starting'. Still to be done: network-wait.service (start running), late.service (start waiting). Failed units: web.service. ");
        failure.Message.ShouldContain("readiness.timeout");
        failure.Message.ShouldContain("readiness.wait_for_boot");
    }

    [Theory]
    [InlineData("maintenance")]
    [InlineData("stopping")]
    public async Task AGuestInRescueModeEndsTheBuildAtOnce(string state)
    {
        _systemctl = (verb, _) => verb == "is-system-running" ? (state + "\n", 1) : ("", 0);

        var failure = await Should.ThrowAsync<TemplatingException>(BuildAsync());

        failure.Code.ShouldBe(ErrorCode.GuestNotReady);
        failure.Message.ShouldContain($"is in state '{state}'");
    }

    /// <summary>The guest belongs to who wrote its image.</summary>
    [Fact]
    public async Task UnitsWithoutEndOrMeasureAreBounded()
    {
        var names = string.Concat(Enumerable.Range(0, 40).Select(i => $"unit-{i}.service loaded failed\n"));
        _systemctl = (verb, _) => verb == "is-system-running" ? ("degraded", 1) : ($"{new string('x', 300)}.service\n\u001b[31m.service\né.service\n{names}", 0);

        var view = await BuildAsync();

        view.Manifest!.FailedUnits.ShouldBe(Enumerable.Range(0, 16).Select(i => $"unit-{i}.service"));
    }

    [Fact]
    public async Task ACommandThatTheGuestNeverEndsDoesNotHoldUpItsBuild()
    {
        var time = new FakeTimeProvider();
        var vm = new FakeVm(_node.Vmm, new VmFolder("/x"), new VmProcessId(1, 1, Guid.NewGuid()));
        _node.Vmm.OnStep = (_, _, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);

        var run = GuestProgram.RunAsync(vm, ["sleep"], TimeSpan.FromMinutes(1), time, CancellationToken.None);
        run.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMinutes(2));

        (await run).Signal.ShouldBe(9);
    }

    private async Task<TemplateView> BuildAsync(ReadinessSpec? readiness = null)
    {
        var request = _node.Request();
        request = request with { Spec = request.Spec with { Readiness = readiness ?? new ReadinessSpec() } };
        return await _node.Templates.CreateAsync(request, new Told(_told), CancellationToken.None);
    }

    private sealed class Told(List<BuildProgress> steps) : IProgress<BuildProgress>
    {
        public void Report(BuildProgress value) => steps.Add(value);
    }
}
