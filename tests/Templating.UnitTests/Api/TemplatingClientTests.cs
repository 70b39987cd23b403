using Grpc.Core;
using Templating.Api.Client;
using Templating.Contract;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Api;

public sealed class TemplatingClientTests
{
    [Fact]
    public async Task AFailureIsTakenApart()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnGet = (_, _) => throw Failed.With(StatusCode.ResourceExhausted, "NODE_MEMORY_EXHAUSTED", "No room.", ("a.b", "Too much."));
        using var client = new TemplatingClient(Clients.Options(node.Address));
        var failure = await Should.ThrowAsync<TemplatingClientException>(client.Clones.GetCloneAsync(new GetCloneRequest()).ResponseAsync);
        failure.Code.ShouldBe(StatusCode.ResourceExhausted);
        failure.Reason.ShouldBe("NODE_MEMORY_EXHAUSTED");
        failure.Message.ShouldBe("No room.");
        failure.Metadata["step"].ShouldBe("boot");
        failure.Violations.ShouldHaveSingleItem().ShouldBe(new FieldViolation("a.b", "Too much."));
        failure.RetryAfter.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task AStreamsFailureIsTakenApartToo()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnCreateMany = (_, _) => throw Failed.With(StatusCode.NotFound, "TEMPLATE_NOT_FOUND", "None.");
        using var client = new TemplatingClient(Clients.Options(node.Address));
        using var call = client.Clones.CreateClones(new CreateClonesRequest());
        (await Should.ThrowAsync<TemplatingClientException>(call.ResponseStream.MoveNext(CancellationToken.None))).Reason.ShouldBe("TEMPLATE_NOT_FOUND");
    }

    [Fact]
    public void DamagedDetailsDoNotHideTheMessage()
    {
        var status = new Google.Rpc.Status { Code = (int)StatusCode.NotFound, Message = "None." };
        status.Details.Add(new Google.Protobuf.WellKnownTypes.Any
        {
            TypeUrl = "type.googleapis.com/google.rpc.ErrorInfo",
            Value = Google.Protobuf.ByteString.CopyFrom(0xff, 0xff),
        });
        var failure = TemplatingClientException.From(status);
        (failure.Message, failure.Reason).ShouldBe(("None.", ""));
    }

    [Fact]
    public async Task ACallThatIsCancelledSaysSo()
    {
        await using var node = await FakeNode.StartAsync();
        using var cancelled = new CancellationTokenSource();
        node.Clones.OnGet = async (_, context) =>
        {
            await cancelled.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
            return new VmClone();
        };
        using var client = new TemplatingClient(Clients.Options(node.Address));
        await Should.ThrowAsync<OperationCanceledException>(client.Clones.GetCloneAsync(new GetCloneRequest(), cancellationToken: cancelled.Token).ResponseAsync);
    }

    [Fact]
    public async Task NobodyAtTheSocketIsUnavailable()
    {
        using var client = new TemplatingClient(Clients.Options("unix:///nonexistent/x.sock"));
        (await Should.ThrowAsync<TemplatingClientException>(client.Node.GetNodeAsync(new GetNodeRequest()).ResponseAsync)).Code.ShouldBe(StatusCode.Unavailable);
    }
}
