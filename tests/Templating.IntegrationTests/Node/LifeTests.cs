using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>A clone's life as its callers see it.</summary>
public sealed class LifeTests(SharedNode shared) : SharedNodeTest(shared)
{
    [Fact]
    public async Task PausedGuestDoesNotAnswerAndGoesOnAfterResume()
    {
        using var http = new HttpClient();
        var clone = await CloneAsync();
        (await clone.HttpGetAsync(http, Limit)).ShouldContain(clone.Id);

        var paused = await Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = clone.Name }, cancellationToken: Limit);
        var failure = await FailsAsync(ShellAsync(clone, "true"), StatusCode.FailedPrecondition, "ILLEGAL_STATE");
        using var client = new HttpClient();
        var waiting = clone.HttpGetAsync(client, Limit);
        var uptime = (await File.ReadAllTextAsync($"/proc/{clone.Pid}/stat", Limit)).Length;

        paused.State.ShouldBe(CloneState.Paused);
        failure.Message.ShouldContain("paused", Case.Insensitive);
        uptime.ShouldBeGreaterThan(0);
        // The request is in QEMU's hands, and nobody answers it as long as the guest stands still.
        await Should.ThrowAsync<TimeoutException>(waiting.WaitAsync(TimeSpan.FromSeconds(2), Limit));
        (await Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = clone.Name }, cancellationToken: Limit)).State.ShouldBe(CloneState.Paused);
        (await Client.Clones.ResumeCloneAsync(new ResumeCloneRequest { Name = clone.Name }, cancellationToken: Limit)).State.ShouldBe(CloneState.Running);
        (await waiting).ShouldContain(clone.Id);
        (await ShellAsync(clone, "echo on")).Output.ShouldBe("on\n");
    }

    [Fact]
    public async Task DeletingWithGraceLetsTheGuestPowerOff()
    {
        var clone = await CloneAsync();

        var deleted = await Client.Clones.DeleteCloneAsync(
            new DeleteCloneRequest { Name = clone.Name, GracePeriod = Duration.FromTimeSpan(TimeSpan.FromMinutes(2)) }, cancellationToken: Limit);

        deleted.Reason.ShouldBe("the guest powered off");
        await FailsAsync(Client.GetAsync(clone, Limit), StatusCode.NotFound, "CLONE_NOT_FOUND");
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task GuestThatPowersOffIsStoppedAndStaysToBeSeen()
    {
        var clone = await CloneAsync();
        using var watch = Client.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/acme" }, cancellationToken: Limit);

        var powerOff = ShellAsync(clone, "kill -USR2 1; sleep 100");
        while (await watch.ResponseStream.MoveNext(Limit) && watch.ResponseStream.Current.Clone_?.State is not CloneState.Stopped)
        {
        }

        await Should.ThrowAsync<TemplatingClientException>(powerOff);
        var seen = await Client.GetAsync(clone, Limit);
        seen.State.ShouldBe(CloneState.Stopped);
        seen.StateReason.ShouldBe("the guest powered off");
        seen.Pid.ShouldBe(0);
        seen.ChargedBytes.ShouldBe(0);
        await FailsAsync(ShellAsync(clone, "true"), StatusCode.FailedPrecondition, "ILLEGAL_STATE");
    }

    [Fact]
    public async Task WatchTellsTheWholeLife()
    {
        using var watch = Client.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
        watch.ResponseStream.Current.Type.ShouldBe(ChangeType.Synced);

        var clone = await CloneAsync();
        await Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = clone.Name }, cancellationToken: Limit);
        await Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: Limit);

        var life = new List<(ChangeType Type, CloneState State)>();
        do
        {
            (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
            watch.ResponseStream.Current.Clone_.Name.ShouldBe(clone.Name);
            life.Add((watch.ResponseStream.Current.Type, watch.ResponseStream.Current.Clone_.State));
        }
        while (life[^1].Type != ChangeType.Deleted);

        life[0].ShouldBe((ChangeType.Added, CloneState.Prepared));
        life.ShouldContain((ChangeType.Modified, CloneState.Running));
        life.ShouldContain((ChangeType.Modified, CloneState.Paused));
    }

    [Fact]
    public async Task ListsGoThroughPages()
    {
        var clones = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => CloneAsync(r => r.Id = $"page-{i}")));

        var first = await Client.Clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/acme", PageSize = 2 }, cancellationToken: Limit);
        var second = await Client.Clones.ListClonesAsync(
            new ListClonesRequest { Parent = "tenants/acme", PageSize = 2, PageToken = first.NextPageToken }, cancellationToken: Limit);
        var wrong = await FailsAsync(
            Client.Clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/acme", PageToken = "made up" }, cancellationToken: Limit).ResponseAsync,
            StatusCode.InvalidArgument, "INVALID_ARGUMENT");

        first.Clones.Select(c => c.Id).ShouldBe(["page-1", "page-2"]);
        second.Clones.Select(c => c.Id).ShouldBe(["page-3"]);
        second.NextPageToken.ShouldBeEmpty();
        clones.ShouldAllBe(c => c.State == CloneState.Running);
        wrong.Violations.ShouldHaveSingleItem().Field.ShouldBe("page_token");
    }

    [Fact]
    public async Task RetryWithTheSameRequestIdReturnsTheSameCloneAndAnotherRequestIsRefused()
    {
        var id = Guid.NewGuid().ToString();

        var first = await CloneAsync(r => r.RequestId = id);
        var second = await CloneAsync(r => r.RequestId = id);
        var other = await FailsAsync(
            CloneAsync(r => { r.RequestId = id; r.Spec.Hostname = "other"; }), StatusCode.AlreadyExists, "REQUEST_ID_REUSED");

        second.Name.ShouldBe(first.Name);
        second.Pid.ShouldBe(first.Pid);
        other.Message.ShouldContain(id);
    }

    [Fact]
    public async Task IdThatIsTakenIsRefused()
    {
        await CloneAsync(r => r.Id = "only-one");

        await FailsAsync(CloneAsync(r => r.Id = "only-one"), StatusCode.AlreadyExists, "CLONE_ALREADY_EXISTS");

        VmProcesses.Of(Node.Folder.Run).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task CallThatIsCancelledLeavesNoClone()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        var creating = Client.CloneAsync(cancel.Token);
        // Held there: one that is ready before the daemon hears of it would stay.
        Signals.Send(await VmProcesses.FirstOfAsync(Node.Folder.Run, Limit), Signals.Stop);
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(creating);

        (await Node.Folder.LeftOversAsync(Limit)).ShouldBeEmpty();
    }

    [Fact]
    public async Task TemplateInUseIsNotDeletedUnlessForced()
    {
        await using var node = await TestNode.StartAsync();
        var clone = await node.Client.CloneAsync(Limit);
        var request = new DeleteTemplateRequest { Name = PreparedStore.Template };

        await FailsAsync(node.Client.Templates.DeleteTemplateAsync(request, cancellationToken: Limit).ResponseAsync, StatusCode.FailedPrecondition, "TEMPLATE_IN_USE");
        request.Force = true;
        var deleted = await node.Client.Templates.DeleteTemplateAsync(request, cancellationToken: Limit);

        deleted.Deleted.ShouldBe([clone.Template]);
        await NothingIsLeftAsync(node);
        await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.NotFound, "TEMPLATE_NOT_FOUND");
    }
}
