using Grpc.Core;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;
using Watch = Templating.Node.Services.Watch;

namespace Templating.UnitTests.Node.Services;

public sealed class WatchTests
{
    private static readonly CloneSpec Spec = new() { Template = "tenants/a/templates/t" };

    [Fact]
    public async Task AWatchTellsWhatIsThereThenThatItIsAllThenWhatChanges()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.BuildAsync();
        var clones = new CloneService.CloneServiceClient(daemon.Connect());
        await clones.CreateCloneAsync(new CreateCloneRequest { Id = "first", Spec = Spec });
        using var watch = clones.WatchClones(new WatchClonesRequest { Parent = "tenants/a" });
        var changes = watch.ResponseStream;

        (await NextAsync(changes)).ShouldBe((ChangeType.Added, "first"));
        (await NextAsync(changes)).ShouldBe((ChangeType.Synced, ""));
        await clones.CreateCloneAsync(new CreateCloneRequest { Id = "second", Spec = Spec });
        (await NextAsync(changes)).ShouldBe((ChangeType.Added, "second"));
        await clones.DeleteCloneAsync(new DeleteCloneRequest { Name = "tenants/a/clones/first" });
        var next = await NextAsync(changes);
        while (next == (ChangeType.Modified, "second"))
        {
            next = await NextAsync(changes);
        }

        next.ShouldBe((ChangeType.Deleted, "first"));
    }

    [Fact]
    public async Task AWatchTellsNothingOfOtherTenants()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.BuildAsync("b");
        var templates = new TemplateService.TemplateServiceClient(daemon.Connect());
        using var watch = templates.WatchTemplates(new WatchTemplatesRequest { Parent = "tenants/a" });

        await watch.ResponseStream.MoveNext();
        watch.ResponseStream.Current.Type.ShouldBe(ChangeType.Synced);
        await daemon.BuildAsync("b", "other");
        await daemon.BuildAsync("a", "mine");
        await watch.ResponseStream.MoveNext();
        watch.ResponseStream.Current.Template.Name.ShouldStartWith("tenants/a/templates/mine/revisions/");
    }

    [Fact]
    public async Task AWatchEndsWhenTheNodeStopsAndSaysSo()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var watch = new CloneService.CloneServiceClient(daemon.Connect()).WatchClones(new WatchClonesRequest { Parent = "tenants/-" });
        await watch.ResponseStream.MoveNext();

        var stop = daemon.StopAsync();

        var end = await Errors.FailureOf(() => watch.ResponseStream.MoveNext());
        end.StatusCode.ShouldBe(StatusCode.Unavailable);
        end.Info().Reason.ShouldBe("SHUTTING_DOWN");
        await stop.WaitAsync(TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task WhatChangesBetweenSubscriptionAndListIsToldOnce()
    {
        var sent = new List<(ChangeType, string?)>();
        Change<string>[] missed = [new(ChangeKind.Added, "a"), new(ChangeKind.Deleted, "gone"), new(ChangeKind.Modified, "b"), new(ChangeKind.Deleted, "a")];

        await Should.ThrowAsync<TemplatingException>(() => Watch.RunAsync(
            _ => missed.ToAsyncEnumerable().Concat(Overflow()), () => ["a"], key => key, _ => true,
            (type, item) =>
            {
                sent.Add((type, item));
                return Task.CompletedTask;
            },
            CancellationToken.None));

        sent.ShouldBe(
        [
            (ChangeType.Added, "a"), (ChangeType.Synced, null), (ChangeType.Modified, "a"), (ChangeType.Added, "b"), (ChangeType.Deleted, "a"),
        ]);
    }

    private static async IAsyncEnumerable<Change<string>> Overflow()
    {
        await Task.Yield();
        throw new TemplatingException(ErrorCode.WatchTooSlow, "Too slow.");
#pragma warning disable CS0162 // An iterator needs a yield.
        yield break;
#pragma warning restore CS0162
    }

    private static async Task<(ChangeType Type, string Id)> NextAsync(IAsyncStreamReader<WatchClonesResponse> changes)
    {
        (await changes.MoveNext(CancellationToken.None)).ShouldBeTrue();
        return (changes.Current.Type, changes.Current.Clone_?.Id ?? "");
    }
}
