using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Blanks;

/// <summary>A clone's start where a VM may wait for it.</summary>
public sealed class BlankCloneTests
{
    [Fact]
    public async Task CloneIsMadeOfTheOneThatWaits()
    {
        await using var node = await StartAsync();
        var blank = node.Vmm.Blanks.ShouldHaveSingleItem();

        var clone = await CreateAsync(node);

        clone.Pid.ShouldBe(blank.Process.Pid);
        clone.Generation.ShouldBe(blank.Request.Generation);
        clone.Phases.Select(phase => phase.Name).ShouldBe(["queue", "verify", "bind", "restore", "resume", "identity"]);
    }

    [Fact]
    public async Task OneThatIsGoodForNothingCostsTheCloneNoMoreThanTime()
    {
        await using var node = await StartAsync();
        var blank = node.Vmm.Blanks.ShouldHaveSingleItem();
        node.Vmm.FailAt("bind", ErrorCode.QmpFailed, "it does not answer");

        var clone = await CreateAsync(node);

        clone.State.ShouldBe(VmState.Running);
        clone.Pid.ShouldNotBe(blank.Process.Pid);
        clone.Generation.ShouldNotBe(blank.Request.Generation);
        clone.Phases.Select(phase => phase.Name).ShouldBe(["queue", "verify", "bind", "qemu_start", "restore", "resume", "identity"]);
        blank.Exited.IsCompleted.ShouldBeTrue();
        await Eventually.UntilAsync(() => node.Users is null || node.Users.Taken == 1 + node.Blanks!.Waiting, "its user is given back");
    }

    [Fact]
    public async Task CloneThatIsToEndWhileItIsBoundEnds()
    {
        await using var node = await StartAsync();
        var blank = node.Vmm.Blanks.ShouldHaveSingleItem();
        using var cancel = new CancellationTokenSource();
        node.Vmm.OnStep = async (step, _, token) =>
        {
            if (step == "bind")
            {
                await cancel.CancelAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
        };

        await Should.ThrowAsync<OperationCanceledException>(() => CreateAsync(node, cancel.Token));

        await Eventually.UntilAsync(() => blank.Exited.IsCompleted && node.Clones.List(tenant: null).Count == 0, "both are gone");
        node.Vmm.Vms.ShouldNotContain(vm => !vm.Exited.IsCompleted);
    }

    private static async Task<FakeNode> StartAsync()
    {
        var node = new FakeNode(blanks: true);
        await node.StartAsync();
        await node.BuildAsync();
        var manifest = node.Store.List("a").ShouldHaveSingleItem().Manifest;
        // Once is enough: no second one comes in between.
        using var stop = new CancellationTokenSource();
        var running = node.Blanks!.RunAsync(stop.Token);
        node.Blanks.Expect(manifest.Machine, manifest.Images.Count);
        await Eventually.UntilAsync(() => node.Blanks.Waiting == 1, "one waits");
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return node;
    }

    private static Task<CloneView> CreateAsync(FakeNode node, CancellationToken cancellationToken = default) => node.Clones.CreateAsync(
        new CreateClone { Template = new TemplateName("a", "t") }, cancellationToken);
}
