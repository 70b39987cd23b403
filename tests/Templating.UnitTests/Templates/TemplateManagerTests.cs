using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Templates;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Templates;

public sealed class TemplateManagerTests : IAsyncLifetime
{
    private static readonly TemplateName Name = new("a", "t");

    private readonly FakeNode _node = new();

    public Task InitializeAsync() => _node.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task ABuildPublishesARevisionAndTellsItsPhasesInOrder()
    {
        var told = new Collector();

        var view = await _node.Templates.CreateAsync(_node.Request(), told, CancellationToken.None);

        view.State.ShouldBe(TemplateState.Ready);
        view.Latest.ShouldBeTrue();
        told.Phases.Distinct().ShouldBe([BuildPhase.Resolve, BuildPhase.Boot, BuildPhase.Freeze, BuildPhase.Seal, BuildPhase.Done]);
        view.Manifest!.PhaseMilliseconds.Keys.ShouldBe(["resolve", "import", "boot", "ready", "warm_up", "freeze"]);
        _node.Vmm.Vms.ShouldHaveSingleItem().Killed.ShouldBeTrue();
        _node.RunFolders.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("boot")]
    [InlineData("exec")]
    [InlineData("freeze")]
    public async Task AFailureAtAnyStepLeavesNothingBehind(string step)
    {
        _node.Vmm.FailAt(step, ErrorCode.QemuExited, "gone");
        var request = _node.Request();
        request = request with { Spec = request.Spec with { Readiness = new ReadinessSpec { WarmUp = [["true"]] } } };

        (await Should.ThrowAsync<TemplatingException>(() => _node.Templates.CreateAsync(request, null, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.QemuExited);

        AssertNothingLeft();
    }

    [Fact]
    public async Task AWarmUpThatFailsFailsTheBuild()
    {
        var request = _node.Request();
        request = request with { Spec = request.Spec with { Readiness = new ReadinessSpec { WarmUp = [["true"], ["false"]] } } };

        var failure = await Should.ThrowAsync<TemplatingException>(() => _node.Templates.CreateAsync(request, null, CancellationToken.None));

        failure.Code.ShouldBe(ErrorCode.WarmUpFailed);
        failure.Message.ShouldContain("'false' exited with 1");
        AssertNothingLeft();
    }

    [Fact]
    public async Task CancellingABuildLeavesNothingBehind()
    {
        using var away = new CancellationTokenSource();
        var reached = new TaskCompletionSource();
        _node.Vmm.OnStep = async (s, _, ct) =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        };
        var build = _node.Templates.CreateAsync(_node.Request(), null, away.Token);
        await reached.Task;

        (await Should.ThrowAsync<TemplatingException>(() => _node.BuildAsync())).Code.ShouldBe(ErrorCode.TemplateBusy);
        _node.Templates.List("a").ShouldHaveSingleItem().State.ShouldBe(TemplateState.Building);
        await away.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => build);
        AssertNothingLeft();
    }

    [Fact]
    public async Task ASpecWithSeveralFaultsIsRefusedWithAllOfThem()
    {
        var request = _node.Request();
        request = request with
        {
            Spec = request.Spec with
            {
                Guest = request.Spec.Guest with { KernelPath = "relative" },
                Machine = request.Spec.Machine with { Vcpus = 0, MemoryBytes = 1 },
            },
        };

        var refusal = await Should.ThrowAsync<TemplatingException>(() => _node.Templates.CreateAsync(request, null, CancellationToken.None));

        refusal.Violations.Select(v => v.Field).ShouldBe(
            ["spec.guest.kernel_path", "spec.machine.vcpus", "spec.machine.memory_bytes"], ignoreOrder: true);
    }

    [Fact]
    public async Task AFileOutsideTheGuestFoldersIsRefusedUnlessTheCallerIsTrusted() =>
        (await Should.ThrowAsync<TemplatingException>(() => _node.Templates.CreateAsync(
            _node.Request() with { AnyPath = false }, null, CancellationToken.None)))
        .Violations.ShouldHaveSingleItem().Field.ShouldBe("spec.guest.kernel_path");

    [Fact]
    public async Task OlderRevisionsBeyondTheLimitGoButNeverOneInUse()
    {
        var first = await _node.BuildAsync();
        var clone = await _node.Clones.CreateAsync(new CreateClone { Template = Name }, CancellationToken.None);
        var second = await Build(limit: 0);
        var third = await Build(limit: 0);

        _node.Templates.List("a").Select(t => t.Name).ShouldBe([third.Name, first.Name]);
        clone.Template.ShouldBe(first.Name);
        second.Name.ShouldNotBe(third.Name);

        Task<TemplateView> Build(int limit) => _node.Templates.CreateAsync(
            _node.Request() with { RevisionHistoryLimit = limit }, null, CancellationToken.None);
    }

    [Fact]
    public async Task ATemplateInUseIsDeletedOnlyByForceAndThenWithItsClones()
    {
        var template = await _node.BuildAsync();
        await _node.Clones.CreateAsync(new CreateClone { Template = Name }, CancellationToken.None);

        var refusal = await Should.ThrowAsync<TemplatingException>(() => _node.Templates.DeleteAsync(Name, null, force: false, CancellationToken.None));
        refusal.Code.ShouldBe(ErrorCode.TemplateInUse);
        refusal.Message.ShouldContain("1 clone.");

        (await _node.Templates.DeleteAsync(Name, null, force: true, CancellationToken.None)).ShouldBe([template.Name]);
        _node.Clones.List(null).ShouldBeEmpty();
        Should.Throw<TemplatingException>(() => _node.Templates.Get(Name, null)).Code.ShouldBe(ErrorCode.TemplateNotFound);
    }

    [Fact]
    public async Task AFlippedByteIsFoundBeforeTheFirstCloneAfterAStart()
    {
        var template = await _node.BuildAsync();
        await using var next = await _node.RestartAsync();
        var memory = next.Store.Find(Name, null)!.MemoryPath;
        File.SetUnixFileMode(memory, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var file = File.OpenWrite(memory))
        {
            file.Position = 12345;
            file.WriteByte(1);
        }

        var refusal = await Should.ThrowAsync<TemplatingException>(
            () => next.Clones.CreateAsync(new CreateClone { Template = Name }, CancellationToken.None));

        refusal.Code.ShouldBe(ErrorCode.TemplateCorrupt);
        next.Vmm.Vms.Count.ShouldBe(1, "only the template's own VM was ever started");
        (await next.Templates.VerifyAsync(Name, template.Name.Revision, null, CancellationToken.None)).Problems.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task ARetryOfABuildReturnsTheFirstResultAlsoAfterARestart()
    {
        var request = _node.Request() with { RequestId = Guid.NewGuid() };
        var first = await _node.Templates.CreateAsync(request, null, CancellationToken.None);
        (await _node.Templates.CreateAsync(request, null, CancellationToken.None)).Name.ShouldBe(first.Name);

        await using var next = await _node.RestartAsync();

        (await next.Templates.CreateAsync(request, null, CancellationToken.None)).Name.ShouldBe(first.Name);
        next.Vmm.Vms.Count.ShouldBe(1);
    }

    [Fact]
    public async Task WhatABuildOfAKilledDaemonLeftIsSweptAtTheNextStart()
    {
        var folder = Path.Combine(_node.Options.BuildsFolder, "left");
        Directory.CreateDirectory(folder);

        await using var next = await _node.RestartAsync();

        next.Vmm.Reaped.ShouldContain(f => f.Path == folder);
        Directory.Exists(folder).ShouldBeFalse();
    }

    private void AssertNothingLeft()
    {
        _node.Templates.List(null).ShouldBeEmpty();
        _node.RunFolders.ShouldBeEmpty();
        Directory.GetFileSystemEntries(Path.Combine(Path.GetDirectoryName(_node.Options.RunFolder)!, "store", "staging")).ShouldBeEmpty();
        _node.Capacity.View.ChargedBytes.ShouldBe(0);
        _node.Vmm.Vms.ShouldAllBe(v => v.Killed);
    }

    private sealed class Collector : IProgress<BuildProgress>
    {
        public List<BuildPhase> Phases { get; } = [];

        public void Report(BuildProgress value) => Phases.Add(value.Phase);
    }
}
