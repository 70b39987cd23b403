using Grpc.Core;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

public sealed class CreateTests : IAsyncLifetime
{
    private static readonly CloneSpec Spec = new() { Template = "tenants/a/templates/t" };

    private TestDaemon _daemon = null!;
    private CloneService.CloneServiceClient _clones = null!;
    private TemplateService.TemplateServiceClient _templates = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync();
        _clones = new CloneService.CloneServiceClient(_daemon.Connect());
        _templates = new TemplateService.TemplateServiceClient(_daemon.Connect());
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task ABuildTellsItsPhasesInOrderAndEndsWithTheTemplate()
    {
        using var call = _templates.CreateTemplate(Build());
        var steps = await call.ResponseStream.ReadAllAsync().ToListAsync();

        steps.Select(step => step.Phase).Distinct().ShouldBe(["resolve", "boot", "warm_up", "freeze", "seal", "done"]);
        steps.Count(step => step.Phase == "done").ShouldBe(1);
        steps[^1].Template.State.ShouldBe(TemplateState.Ready);
        steps.SkipLast(1).ShouldAllBe(step => step.Template == null);
        var got = await _templates.GetTemplateAsync(new GetTemplateRequest { Name = "tenants/a/templates/t" });
        got.ShouldBe(steps[^1].Template);
        got.Latest.ShouldBeTrue();
    }

    [Fact]
    public async Task ACancelledBuildIsCancelledAndLeavesNothing()
    {
        var reached = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        _daemon.Vmm.OnStep = async (_, _, token) =>
        {
            token.Register(() => cancelled.TrySetResult());
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        using (var call = _templates.CreateTemplate(Build()))
        {
            await reached.Task;
        }

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(5));
        await Eventually.True(() => _daemon.Templates.List("a").Count == 0);
    }

    [Fact]
    public async Task OneOfManyThatFailsDoesNotStopTheOthers()
    {
        await _daemon.BuildAsync();
        var first = 0;
        _daemon.Vmm.OnStep = (step, _, _) => step == "restore" && Interlocked.Exchange(ref first, 1) == 0
            ? throw new TemplatingException(ErrorCode.QemuExited, "QEMU ended.")
            : Task.CompletedTask;

        var results = await _clones.CreateClones(new CreateClonesRequest { Spec = Spec, Count = 10 }).ResponseStream.ReadAllAsync().ToListAsync();

        results.Select(result => result.Index).Order().ShouldBe(Enumerable.Range(0, 10));
        var failed = results.Single(result => result.ResultCase == CreateClonesResponse.ResultOneofCase.Error);
        failed.Error.Code.ShouldBe((int)StatusCode.Unavailable);
        failed.Error.GetDetail<Google.Rpc.ErrorInfo>().ShouldNotBeNull().Reason.ShouldBe("QEMU_EXITED");
        _daemon.Clones.List("a").Count.ShouldBe(9);
    }

    [Fact]
    public async Task ARetryOfManyReturnsTheFirstResults()
    {
        await _daemon.BuildAsync();
        var request = new CreateClonesRequest { Spec = Spec, Count = 5, RequestId = Guid.NewGuid().ToString() };

        var first = await RunAsync();
        var again = await RunAsync();

        again.ShouldBe(first);
        first.Distinct().Count().ShouldBe(5);
        _daemon.Clones.List("a").Count.ShouldBe(5);

        async Task<List<string>> RunAsync() => await _clones.CreateClones(request).ResponseStream.ReadAllAsync()
            .OrderBy(result => result.Index).Select(result => result.Clone_.Name).ToListAsync();
    }

    [Fact]
    public async Task CancellingManyUndoesThoseUnderWay()
    {
        await _daemon.BuildAsync();
        var reached = new TaskCompletionSource();
        _daemon.Vmm.OnStep = async (_, _, token) =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        using (var call = _clones.CreateClones(new CreateClonesRequest { Spec = Spec, Count = 3 }))
        {
            await reached.Task;
        }

        await Eventually.True(() => _daemon.Clones.List("a").Count == 0);
    }

    [Fact]
    public void IdsOfManyFollowFromTheCallsIdAndDiffer()
    {
        var id = Guid.NewGuid();

        DerivedIds.Of(id, 3).ShouldBe(DerivedIds.Of(id, 3));
        Enumerable.Range(0, 1000).Select(index => DerivedIds.Of(id, index)).Distinct().Count().ShouldBe(1000);
        DerivedIds.Of(Guid.NewGuid(), 3).ShouldNotBe(DerivedIds.Of(id, 3));
        DerivedIds.Of(id, 3)!.Value.Version.ShouldBe(8);
        DerivedIds.Of(null, 3).ShouldBeNull();
    }

    [Fact]
    public async Task VerifyingEndsWithItsResult()
    {
        await _daemon.BuildAsync();

        var last = await _templates.VerifyTemplate(new VerifyTemplateRequest { Name = "tenants/a/templates/t" }).ResponseStream.ReadAllAsync().LastAsync();

        last.Result.Sound.ShouldBeTrue();
        last.Result.Name.ShouldStartWith("tenants/a/templates/t/revisions/");
    }

    private CreateTemplateRequest Build() => new()
    {
        Tenant = "a",
        Template = "t",
        Spec = new TemplateSpec
        {
            Guest = new GuestSpec { KernelPath = _daemon.Kernel },
            Machine = new MachineSpec { MemoryBytes = 32 << 20 },
            Readiness = new ReadinessSpec { WarmUp = { new Command { Arguments = { "true" } } } },
        },
    };
}
