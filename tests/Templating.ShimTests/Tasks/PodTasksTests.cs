using Grpc.Core;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;
using Templating.Shim.Protocol.Events;
using Templating.Shim.Specs;
using Templating.Shim.Tasks;
using Templating.ShimTests.Specs;
using Templating.Testing;

namespace Templating.ShimTests.Tasks;

public sealed class PodTasksTests : IAsyncLifetime
{
    private const string Sandbox = PodTasksFixture.Sandbox;
    private const int Killed = 137;

    private readonly PodTasksFixture _pod = new();

    private PodTasks Tasks => _pod.Tasks;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _pod.DisposeAsync().AsTask();

    [Fact]
    public async Task ContainerdIsToldOfALifeInItsOrder()
    {
        await _pod.CreateSandboxAsync();
        await _pod.RunAsync("one");
        (await _pod.Pod.ProcessAsync(0)).Exit(3);
        (await _pod.EndOfAsync("one")).Status.ShouldBe(3u);
        await Eventually.UntilAsync(() => _pod.Told<TaskExit>().Any(), "the end to be told");
        await Tasks.DeleteAsync("one", "");

        _pod.Topics.ShouldBe(["/tasks/create", "/tasks/start", "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]);
        _pod.Told<TaskExit>().Single().ShouldSatisfyAllConditions(e => e.ExitStatus.ShouldBe(3u), e => e.Pid.ShouldBe(4711u), e => e.Id.ShouldBe("one"));
        _pod.Pod.Asked.ShouldBe(["prepare one for 1", "end", "remove one"]);
    }

    [Theory]
    [InlineData(2, 130)]
    [InlineData(9, 137)]
    [InlineData(15, 143)]
    public async Task ASandboxEndsByTheSignalThatWasAskedForAlsoWhereItsVmIsSeenToGoFirst(int signal, uint expected)
    {
        var answered = new TaskCompletionSource();
        var asked = 0;
        // The daemon has ended the VM and answers later, as the watcher's own request is answered at once.
        _pod.Pod.Release = () =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                return Task.CompletedTask;
            }

            _pod.Pod.EndVm();
            return answered.Task;
        };
        await _pod.CreateSandboxAsync();

        var killing = Tasks.KillAsync(Sandbox, "", signal, everyone: false, CancellationToken.None);

        (await _pod.EndOfAsync(Sandbox)).Status.ShouldBe(expected);
        killing.IsCompleted.ShouldBeFalse();
        answered.SetResult();
        await killing.Soonest();
    }

    [Fact]
    public async Task AVmThatEndsByItselfEndsAllWithTheStatusOfAKill()
    {
        await _pod.CreateSandboxAsync();
        await _pod.RunAsync("one");

        _pod.Pod.EndVm();

        (await _pod.EndOfAsync(Sandbox)).Status.ShouldBe((uint)Killed);
        (await _pod.EndOfAsync("one")).Status.ShouldBe((uint)Killed);
        _pod.Pod.Asked.ShouldContain("release");
        var late = await Should.ThrowAsync<ShimException>(Tasks.KillAsync(Sandbox, "", 15, everyone: false, CancellationToken.None));
        late.Code.ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task ASignalThatCouldNotBeActedOnIsTriedAgainAndKeepsItsStatus()
    {
        _pod.Pod.Release = () => throw new ShimException(StatusCode.Unavailable, "the daemon is away");
        await _pod.CreateSandboxAsync();
        await Should.ThrowAsync<ShimException>(Tasks.KillAsync(Sandbox, "", 15, everyone: false, CancellationToken.None));
        Tasks.Find(Sandbox, "").State.ShouldBe(ProcessState.Running);

        _pod.Pod.Release = () => Task.CompletedTask;
        await Tasks.KillAsync(Sandbox, "", 9, everyone: false, CancellationToken.None);

        (await _pod.EndOfAsync(Sandbox)).Status.ShouldBe(143u);
    }

    [Fact]
    public async Task ASandboxIsDeletedAfterItsContainers()
    {
        await _pod.CreateSandboxAsync();
        await _pod.CreateAsync("one", Samples.PodContainer());
        await Tasks.KillAsync(Sandbox, "", 9, everyone: false, CancellationToken.None);

        (await Should.ThrowAsync<ShimException>(Tasks.DeleteAsync(Sandbox, ""))).Message.ShouldContain("delete them first");
        await Tasks.DeleteAsync("one", "");
        await Tasks.DeleteAsync(Sandbox, "");

        Tasks.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task WhatRunsIsNotDeletedAndNotCreatedTwice()
    {
        await _pod.CreateSandboxAsync();
        await _pod.RunAsync("one");

        (await Should.ThrowAsync<ShimException>(Tasks.DeleteAsync("one", ""))).Code.ShouldBe(StatusCode.FailedPrecondition);
        (await Should.ThrowAsync<ShimException>(_pod.CreateAsync("one", Samples.PodContainer()))).Code.ShouldBe(StatusCode.AlreadyExists);
        (await Should.ThrowAsync<ShimException>(_pod.CreateAsync("other", Samples.PodSandbox()))).Code.ShouldBe(StatusCode.AlreadyExists);
        (await Should.ThrowAsync<ShimException>(Tasks.DeleteAsync("two", ""))).Code.ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task AContainerThatFailsToBeMadeLeavesRoomForItsRetryAndASingleOneNoVm()
    {
        await _pod.CreateSandboxAsync();
        _pod.Pod.Prepare = () => throw ShimException.Invalid("no such image");
        await Should.ThrowAsync<ShimException>(_pod.CreateAsync("one", Samples.PodContainer()));
        _pod.Pod.Prepare = () => Task.CompletedTask;
        await _pod.RunAsync("one");
        _pod.Pod.Asked.ShouldNotContain("release");

        await using var single = new PodTasksFixture();
        single.Pod.Prepare = () => throw ShimException.Invalid("no such image");
        await Should.ThrowAsync<ShimException>(single.CreateAsync("alone", Samples.Ctr()));
        single.Pod.Asked.ShouldContain("release");
        single.Pod.Asked.ShouldContain("dispose");
        single.Tasks.PidOf("alone").ShouldBe(0u);
    }

    [Fact]
    public async Task ContainersAreThereOnlyWithTheirPod()
    {
        (await Should.ThrowAsync<ShimException>(_pod.CreateAsync("one", Samples.PodContainer()))).Message.ShouldContain("sandbox is not there");

        _pod.StartFailure = new ShimException(StatusCode.ResourceExhausted, "no memory");
        (await Should.ThrowAsync<ShimException>(_pod.CreateAsync(Sandbox, Samples.PodSandbox()))).Code.ShouldBe(StatusCode.ResourceExhausted);
        Tasks.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task AKillBreaksOffAStart()
    {
        await _pod.CreateSandboxAsync();
        await _pod.CreateAsync("one", Samples.PodContainer());
        _pod.Pod.Launch = token => Task.Delay(Timeout.Infinite, token);
        var starting = Tasks.StartAsync("one", "", CancellationToken.None);
        await Eventually.UntilAsync(() => Tasks.Find("one", "").State == ProcessState.Starting, "the start");

        await Tasks.KillAsync("one", "", 9, everyone: false, CancellationToken.None);

        (await Should.ThrowAsync<ShimException>(starting.Soonest())).Message.ShouldContain("killed while it started");
        (await _pod.EndOfAsync("one")).Status.ShouldBe((uint)Killed);
    }

    [Theory]
    [InlineData(15, 143)]
    [InlineData(9, 137)]
    public async Task WhatWasNeverStartedEndsBySignalsThatEndProcesses(int signal, uint expected)
    {
        await _pod.CreateSandboxAsync();
        await _pod.CreateAsync("one", Samples.PodContainer());
        await Should.ThrowAsync<ShimException>(Tasks.KillAsync("one", "", 10, everyone: false, CancellationToken.None));

        await Tasks.KillAsync("one", "", signal, everyone: false, CancellationToken.None);

        (await _pod.EndOfAsync("one")).Status.ShouldBe(expected);
        await Eventually.UntilAsync(() => _pod.Told<TaskExit>().Any(), "the end to be told");
    }

    [Fact]
    public async Task AContainerOfWhichAnyProcessWasKilledForWantOfMemoryIsToldSo()
    {
        _pod.Pod.Counts = new ContainerCounts { OutOfMemoryKills = 1 };
        await _pod.CreateSandboxAsync();
        await _pod.RunAsync("one");

        (await _pod.Pod.ProcessAsync(0)).Exit(1);

        (await _pod.EndOfAsync("one")).OutOfMemory.ShouldBeTrue();
        await Eventually.UntilAsync(() => _pod.Topics.Contains("/tasks/exit"), "the end to be told");
        _pod.Topics.SkipWhile(t => t != "/tasks/oom").ShouldBe(["/tasks/oom", "/tasks/exit"]);
    }

    [Fact]
    public async Task OtherProcessesAreToldToHaveEndedBeforeTheirContainer()
    {
        await _pod.CreateSandboxAsync();
        await _pod.RunAsync("one");
        Tasks.AddExec("one", "shell", ProcessIo.None, """{"args":["sh"],"cwd":"/"}"""u8.ToArray());
        await Tasks.StartAsync("one", "shell", CancellationToken.None);
        var shell = await _pod.Pod.ProcessAsync(1);

        (await _pod.Pod.ProcessAsync(0)).Exit();
        (await shell.SentAsync()).Type.ShouldBe(OwnerPort.Frames.FrameType.Signal);
        _pod.Told<TaskExit>().ShouldBeEmpty();
        shell.Exit(137);

        await _pod.EndOfAsync("one");
        await Eventually.UntilAsync(() => _pod.Told<TaskExit>().Count() == 2, "both ends");
        _pod.Told<TaskExit>().Select(e => e.Id).ShouldBe(["shell", "one"]);
    }

    [Fact]
    public async Task OnlyAContainerThatIsAlonePausesAndIsNotEnteredMeanwhile()
    {
        await _pod.CreateSandboxAsync();
        await _pod.RunAsync("one");
        await Tasks.PauseAsync("one", CancellationToken.None);
        Tasks.IsPaused.ShouldBeTrue();
        Should.Throw<ShimException>(() => Tasks.AddExec("one", "shell", ProcessIo.None, [])).Message.ShouldContain("paused");
        await Tasks.ResumeAsync("one", CancellationToken.None);

        await _pod.RunAsync("two");

        (await Should.ThrowAsync<ShimException>(Tasks.PauseAsync("one", CancellationToken.None))).Message.ShouldContain("shares its pod's VM");
        (await Should.ThrowAsync<ShimException>(Tasks.PauseAsync(Sandbox, CancellationToken.None))).Message.ShouldContain("nothing runs in it");
    }

    [Fact]
    public async Task AnUpdateMakesRoomForAllContainersAndChangesTheOnesLimits()
    {
        await _pod.CreateSandboxAsync();
        await _pod.RunAsync("one");
        await _pod.RunAsync("two");

        var update = """{"memory":{"limit":268435456}}"""u8;
        await Tasks.UpdateAsync("two", SpecResources.Parse(update), ContainerUpdate.Parse(update), CancellationToken.None);

        // The VM first: what a container may take must be there.
        _pod.Pod.Asked.TakeLast(2).ShouldBe([$"grow to {(128 + 256) << 20}", "update two"]);
    }
}
