using Grpc.Core;
using Templating.AttackTests.Harness;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.AttackTests.Clients;

/// <summary>Calls, in numbers, that stay.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class StreamAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    private const int Many = 4000;

    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData(BesiegedNode.Stranger)]
    [InlineData(BesiegedNode.HostileUser)]
    public Task WatchesTakeNothingFromOthers(uint user) => new Siege(node, output).WithstandAsync($"watches of {user}", cancellationToken => HoldAsync(
        user, (caller, enough) =>
        {
            var call = caller.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: enough);
            return (call, ReadAsync(call.ResponseStream, enough));
        },
        cancellationToken), Limit);

    [Theory]
    [InlineData(BesiegedNode.Stranger)]
    [InlineData(BesiegedNode.HostileUser)]
    public Task StreamsWithoutAFirstMessageTakeNothingFromOthers(uint user) => new Siege(node, output).WithstandAsync(
        $"streams without a first message of {user}", cancellationToken => HoldAsync(
        user, (caller, enough) =>
        {
            var call = caller.Clones.ExecClone(cancellationToken: enough);
            return (call, ReadAsync(call.ResponseStream, enough));
        },
        cancellationToken), Limit);

    [Theory]
    [InlineData(BesiegedNode.Stranger)]
    [InlineData(BesiegedNode.HostileUser)]
    public Task HoldsThatAcquireNothingTakeNothingFromOthers(uint user) => new Siege(node, output).WithstandAsync(
        $"holds that acquire nothing of {user}", cancellationToken => HoldAsync(
        user, (caller, enough) =>
        {
            var call = caller.Sandboxes.Hold(cancellationToken: enough);
            return (call, ReadAsync(call.ResponseStream, enough));
        },
        cancellationToken), Limit);

    [Fact]
    public Task WatchesThatDoNotReadTakeNothingFromOthers() => new Siege(node, output).WithstandAsync("watches that do not read", async cancellationToken =>
    {
        using var caller = new LocalCaller(node.Socket, BesiegedNode.HostileUser);
        var clone = await node.HostileCloneAsync("honest", cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watches = Enumerable.Range(0, 100).Select(_ => caller.Clones.WatchClones(
            new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: enough.Token)).ToArray();
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Hold)
        {
            await node.Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = clone.Name }, cancellationToken: cancellationToken);
            await node.Client.Clones.ResumeCloneAsync(new ResumeCloneRequest { Name = clone.Name }, cancellationToken: cancellationToken);
        }

        await enough.CancelAsync();
        Array.ForEach(watches, watch => watch.Dispose());
    }, Limit);

    [Fact]
    public Task VerificationsInNumbersTakeNothingFromOthers() => new Siege(node, output).WithstandAsync("200 verifications", cancellationToken => HoldAsync(
        BesiegedNode.HostileUser, (caller, enough) =>
        {
            var call = caller.Templates.VerifyTemplate(new VerifyTemplateRequest { Name = BesiegedNode.HostileTemplate }, cancellationToken: enough);
            return (call, ReadAsync(call.ResponseStream, enough));
        },
        cancellationToken, count: 200), Limit);

    private async Task HoldAsync(
        uint user, Func<LocalCaller, CancellationToken, (IDisposable Call, Task Done)> begin, CancellationToken cancellationToken, int count = Many)
    {
        using var caller = new LocalCaller(node.Socket, user);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var calls = Enumerable.Range(0, count).Select(_ => begin(caller, enough.Token)).ToArray();
        await Task.Delay(Hold, TimeProvider.System, cancellationToken);
        await enough.CancelAsync();
        var ends = await Task.WhenAll(calls.Select(call => LocalCaller.EndAsync(call.Done)));
        Array.ForEach(calls, call => call.Call.Dispose());
        Ends.Tell(output, ends);
    }

    private static async Task ReadAsync<T>(IAsyncStreamReader<T> stream, CancellationToken cancellationToken)
    {
        while (await stream.MoveNext(cancellationToken))
        {
            // What is said is of no interest.
        }
    }
}
