using CsCheck;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

/// <summary>Each VM has one owner from its birth to its end: nothing lives that no list knows, nothing is given back twice.</summary>
public sealed class CloneOwnershipTests : IAsyncLifetime
{
    private readonly FakeNode _node = new();

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [InlineData("prepare")]
    [InlineData("restore")]
    [InlineData("resume")]
    [InlineData("identify")]
    public async Task ADeleteOfACloneThatIsStartingEndsItsStart(string at)
    {
        var (creating, name) = await CreateUntilAsync(at);

        var end = await _node.Clones.DeleteAsync(name, TimeSpan.FromMinutes(1), CancellationToken.None).Soonest();

        end.State.ShouldBe(VmState.Stopped);
        await NothingIsLeftAsync();
        var refusal = await Should.ThrowAsync<TemplatingException>(creating.Soonest());
        refusal.Code.ShouldBe(ErrorCode.IllegalState);
        refusal.Message.ShouldContain("was told to end while it started");
    }

    [Fact]
    public async Task ADeleteOfACloneThatWaitsForItsTurnEndsItToo()
    {
        await using var node = new FakeNode(maxStarts: 1);
        await node.StartAsync();
        await node.BuildAsync();
        var reached = new TaskCompletionSource();
        node.Vmm.OnStep = async (step, _, token) =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        var first = node.Clones.CreateAsync(Request() with { Id = "first" }, CancellationToken.None);
        await reached.Task.Soonest();
        var second = node.Clones.CreateAsync(Request() with { Id = "second" }, CancellationToken.None);

        await node.Clones.DeleteAsync(new CloneName("a", "second"), TimeSpan.Zero, CancellationToken.None).Soonest();
        await node.Clones.DeleteAsync(new CloneName("a", "first"), TimeSpan.Zero, CancellationToken.None).Soonest();

        await Should.ThrowAsync<TemplatingException>(first.Soonest());
        await Should.ThrowAsync<TemplatingException>(second.Soonest());
        node.Capacity.View.Clones.ShouldBe(0);
        node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;
        (await node.Clones.CreateAsync(Request(), CancellationToken.None).Soonest()).ReadyAt.ShouldNotBeNull("its turn was given back");
    }

    [Fact]
    public async Task AForcedDeleteOfATemplateTakesItsStartingClonesToo()
    {
        var (creating, _) = await CreateUntilAsync("identify");
        var template = new TemplateName("a", "t");

        await _node.Templates.DeleteAsync(template, null, force: true, CancellationToken.None).Soonest();

        await Should.ThrowAsync<TemplatingException>(creating.Soonest());
        _node.Clones.List(null).ShouldBeEmpty();
        _node.Vmm.Vms.ShouldAllBe(v => v.Killed);
        Should.Throw<TemplatingException>(() => _node.Templates.Get(template, null)).Code.ShouldBe(ErrorCode.TemplateNotFound);
    }

    [Fact]
    public async Task ADeleteThatWantsItGoneNowDoesNotWaitForTheGraceOfTheFirst()
    {
        var clone = await _node.Clones.CreateAsync(Request(), CancellationToken.None);
        var asked = new TaskCompletionSource();
        _node.Vmm.Vms[^1].OnStop = async (_, token) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        var patient = _node.Clones.DeleteAsync(clone.Name, TimeSpan.FromMinutes(10), CancellationToken.None);
        await asked.Task.Soonest();

        await _node.Clones.DeleteAsync(clone.Name, TimeSpan.Zero, CancellationToken.None).Soonest();

        (await patient.Soonest()).State.ShouldBe(VmState.Stopped);
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task ACallerWhoGoesAwayDoesNotStopADelete()
    {
        var clone = await _node.Clones.CreateAsync(Request(), CancellationToken.None);
        var stop = new TaskCompletionSource();
        _node.Vmm.Vms[^1].OnStop = (_, _) => stop.Task;
        using var away = new CancellationTokenSource();
        var deleting = _node.Clones.DeleteAsync(clone.Name, TimeSpan.FromMinutes(10), away.Token);
        await away.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(deleting.Soonest());

        stop.SetResult();

        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task ARetryAfterItsCloneWasDeletedWhileItStartedIsANewTry()
    {
        var request = Request() with { RequestId = Guid.NewGuid() };
        var (creating, name) = await CreateUntilAsync("restore", request);
        await _node.Clones.DeleteAsync(name, TimeSpan.Zero, CancellationToken.None).Soonest();
        await Should.ThrowAsync<TemplatingException>(creating.Soonest());
        _node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;

        var second = await _node.Clones.CreateAsync(request, CancellationToken.None).Soonest();

        (await _node.Clones.CreateAsync(request, CancellationToken.None).Soonest()).Generation.ShouldBe(second.Generation);
        _node.Clones.List(null).Count.ShouldBe(1);
    }

    /// <summary>
    /// Creates, deletes, pauses, cancels and kills side by side, at moments the generator chooses. After each round every VM that
    /// lives is in the list, and what is charged, leased and rented is theirs.
    /// </summary>
    [Fact]
    public Task WhateverHappensAtOnceNothingLivesUnknownAndNothingIsHeldForNobody() => Gen.Select(Gen.Byte.Array[6], Gen.Byte.Array[6], Gen.Int[0, 3].Array[16])
        .SampleAsync(async (creates, others, yields) =>
        {
            var steps = 0;
            _node.Vmm.OnStep = async (_, _, token) =>
            {
                for (var i = yields[Interlocked.Increment(ref steps) % yields.Length]; i > 0; i--)
                {
                    token.ThrowIfCancellationRequested();
                    await Task.Yield();
                }
            };

            await Task.WhenAll([.. creates.Select(CreateAsync), .. others.Select(DisturbAsync)]).Soonest();

            await BalancedAsync();
        }, iter: 60, threads: 1);

    private async Task CreateAsync(byte how)
    {
        using var away = new CancellationTokenSource();
        try
        {
            var creating = _node.Clones.CreateAsync(
                Request() with { Id = $"c{how % 4}", RequestId = how % 3 == 0 ? new Guid(how % 5, 0, 0, new byte[8]) : null, ReturnWhenRunning = how % 2 == 0 },
                away.Token);
            if (how > 200)
            {
                await away.CancelAsync();
            }

            await creating;
        }
        catch (Exception e) when (e is TemplatingException or OperationCanceledException)
        {
            // Taken, deleted, killed, cancelled: what counts is what is left.
        }
    }

    private async Task DisturbAsync(byte how)
    {
        var name = new CloneName("a", $"c{how % 4}");
        for (var i = how % 16; i > 0; i--)
        {
            await Task.Yield();
        }

        try
        {
            switch (how / 16 % 4)
            {
                case 0:
                    await _node.Clones.DeleteAsync(name, TimeSpan.FromSeconds(how % 2), CancellationToken.None);
                    break;
                case 1:
                    await _node.Clones.PauseAsync(name, CancellationToken.None);
                    break;
                case 2:
                    await _node.Clones.ResumeAsync(name, CancellationToken.None);
                    break;
                default:
                    FakeVm? victim;
                    lock (_node.Vmm.Vms)
                    {
                        victim = _node.Vmm.Vms.Find(v => !v.Exited.IsCompleted);
                    }

                    victim?.End("killed by a neighbour", guestRequested: how % 2 == 0);
                    break;
            }
        }
        catch (TemplatingException)
        {
            // Not there, or not in that state.
        }
    }

    private async Task BalancedAsync()
    {
        // What was deleted or killed last may still be on its way out.
        await Eventually.SeeAsync(
            () => Task.FromResult<int[]?>([.. Figures()]), figures => figures.Distinct().Count() == 1, "every figure is the number of VMs",
            explain: figures => Task.FromResult("living, living and listed, listed, charged, leases, user ids: " + string.Join(", ", figures!)));
        _node.Capacity.View.ChargedBytes.ShouldBe(_node.Clones.List(null).Sum(c => c.ChargedBytes));
    }

    private IEnumerable<int> Figures()
    {
        var listed = _node.Clones.List(null).Where(c => !VmTransitions.IsEnd(c.State)).Select(c => c.Pid).ToHashSet();
        yield return Living().Length;
        yield return Living().Count(listed.Contains);
        yield return listed.Count;
        yield return _node.Capacity.View.Clones;
        yield return _node.Leases.Count(_node.Templates.Get(new TemplateName("a", "t"), null).Name);
        yield return _node.Users?.Taken ?? listed.Count;
    }

    private int[] Living()
    {
        lock (_node.Vmm.Vms)
        {
            return _node.Vmm.Vms.Where(v => !v.Exited.IsCompleted).Select(v => v.Process.Pid).ToArray();
        }
    }

    private async Task<(Task<CloneView> Creating, CloneName Name)> CreateUntilAsync(string step, CreateClone? request = null)
    {
        var reached = new TaskCompletionSource();
        _node.Vmm.OnStep = async (s, _, token) =>
        {
            if (s == step)
            {
                reached.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
        };
        var creating = _node.Clones.CreateAsync((request ?? Request()) with { Id = "one" }, CancellationToken.None);
        await reached.Task.Soonest();
        return (creating, new CloneName("a", "one"));
    }

    private async Task NothingIsLeftAsync()
    {
        await Eventually.UntilAsync(() => _node.Clones.List(null).Count == 0, "no clone is listed");
        _node.RunFolders.ShouldBeEmpty();
        Living().ShouldBeEmpty();
        _node.Capacity.View.Clones.ShouldBe(0);
        _node.Leases.Count(_node.Templates.Get(new TemplateName("a", "t"), null).Name).ShouldBe(0);
    }

    private static CreateClone Request() => new() { Template = new TemplateName("a", "t") };
}
