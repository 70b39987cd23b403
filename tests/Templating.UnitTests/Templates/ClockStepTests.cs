using Microsoft.Extensions.Time.Testing;
using Templating.Contract;
using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Templates;

/// <summary>The wall clock is set back and forth; which revision is the newest, and how long something has been so, is not its to say.</summary>
public sealed class ClockStepTests : IAsyncLifetime
{
    private readonly SteppedClock _clock = new(TimeProvider.System);
    private readonly FakeNode _node;

    public ClockStepTests() => _node = new FakeNode(time: _clock);

    public Task InitializeAsync() => _node.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task AFreshBuildIsTheNewestAndStaysWhenTheClockHasBeenSetBack(int limit)
    {
        _clock.Step = TimeSpan.FromDays(2);
        var first = await BuildAsync("t", limit);
        var second = await BuildAsync("t", limit);
        _clock.Step = TimeSpan.Zero;

        var third = await BuildAsync("t", limit);
        var fourth = await BuildAsync("t", limit);

        fourth.Latest.ShouldBeTrue();
        _node.Store.Find(fourth.Name.Template, null)!.Name.ShouldBe(fourth.Name);
        _node.Store.List("a").Select(r => r.Name).ShouldBe(new[] { fourth.Name, third.Name, second.Name, first.Name }.Take(limit + 1));
        (fourth.Manifest!.CreatedAt - third.Manifest!.CreatedAt).ShouldBe(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task WhatIsBuiltWithTheClockAheadShiftsNoOtherTemplate()
    {
        _clock.Step = TimeSpan.FromDays(2);
        await BuildAsync("t", limit: 5);
        _clock.Step = TimeSpan.Zero;

        (await BuildAsync("other", limit: 5)).Manifest!.CreatedAt.ShouldBeLessThanOrEqualTo(_clock.GetUtcNow());
    }

    /// <summary>On a node they are templates of their own, and a volume that names no revision gets the newest of them.</summary>
    [Fact]
    public async Task RevisionsOfAClustersTemplateAreInTheOrderOfTheirBuildsToo()
    {
        _clock.Step = TimeSpan.FromDays(2);
        var before = await BuildAsync(NodeTemplates.Join("web", "0123456789"), limit: 5);
        _clock.Step = TimeSpan.Zero;

        var after = await BuildAsync(NodeTemplates.Join("web", "abcdef0123"), limit: 5);

        after.Manifest!.CreatedAt.ShouldBeGreaterThan(before.Manifest!.CreatedAt);
    }

    /// <summary>A revision from a node whose clock is at the end of time leaves no later time to give.</summary>
    [Fact]
    public async Task AFreshBuildIsNeverRetiredWhateverTheOthersSayOfTheirAge()
    {
        _clock.Step = DateTimeOffset.MaxValue - TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1);
        await BuildAsync("t", limit: 5);
        _clock.Step += TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1);
        await BuildAsync("t", limit: 5);
        _clock.Step = TimeSpan.Zero;

        var last = await BuildAsync("t", limit: 0);

        _node.Store.Find(last.Name.Template, last.Name.Revision).ShouldNotBeNull();
    }

    [Fact]
    public async Task AnEndedCloneIsShownForItsTimeWhateverTheClockSays()
    {
        var fake = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var clock = new SteppedClock(fake);
        await using var node = new FakeNode(time: clock);
        await node.StartAsync();
        await node.BuildAsync();
        var clone = await node.Clones.CreateAsync(new CreateClone { Template = new TemplateName("a", "t") }, CancellationToken.None);
        node.Vmm.Vms[^1].End("the guest powered off", guestRequested: true);
        await Eventually.UntilAsync(() => node.Clones.Get(clone.Name).State == VmState.Stopped, "it has ended");

        clock.Step = TimeSpan.FromDays(1);
        await node.Clones.ExpireFinishedAsync();
        node.Clones.List(null).Count.ShouldBe(1);

        clock.Step = TimeSpan.FromDays(-1);
        fake.Advance(node.Options.FinishedRetention + TimeSpan.FromSeconds(1));
        await node.Clones.ExpireFinishedAsync();
        node.Clones.List(null).ShouldBeEmpty();
    }

    private Task<TemplateView> BuildAsync(string name, int limit) =>
        _node.Templates.CreateAsync(_node.Request(name: name) with { RevisionHistoryLimit = limit }, null, CancellationToken.None);
}
