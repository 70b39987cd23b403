using Grpc.Core;
using Templating.AttackTests.Harness;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.AttackTests.Guests;

/// <summary>Guests that are honest until a command is to be run in them.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class ExecAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    /// <summary>Long enough for what grows to be seen to grow.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(6);

    /// <summary>Long enough for nonsense to be read.</summary>
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(2);

    /// <summary>What a guest that talks nonsense may make of its own tenant's call.</summary>
    private static readonly StatusCode[] FaultsOfTheGuest =
        [StatusCode.OK, StatusCode.Cancelled, StatusCode.FailedPrecondition, StatusCode.Unavailable, StatusCode.ResourceExhausted, StatusCode.Aborted];

    [Theory]
    [InlineData("empty-outputs", true)]
    [InlineData("empty-outputs", false)]
    [InlineData("outputs", true)]
    [InlineData("took-flood", true)]
    public Task OutputsWithoutEndCostTheDaemonNothing(string behaviour, bool read) => new Siege(node, output).WithstandAsync(
        $"{behaviour}, {(read ? "read" : "not read")}", async cancellationToken =>
    {
        using var caller = new LocalCaller(node.Socket, BesiegedNode.HostileUser);
        var clone = await node.HostileCloneAsync(behaviour, cancellationToken);
        (await ExecAsync(caller, clone, Long, read, cancellationToken)).StatusCode.ShouldBeOneOf(FaultsOfTheGuest);
    }, Limit);

    [Fact]
    public Task NonsenseInTheMiddleOfACommandIsTheFaultOfItsGuestAlone() => new Siege(node, output).WithstandAsync("nonsense in exec", async cancellationToken =>
    {
        using var caller = new LocalCaller(node.Socket, BesiegedNode.HostileUser);
        string[] behaviours = ["others-ids", "exit-twice", "after-exit", "took-negative", "exit-huge", "noisy-exec", "late"];
        await Task.WhenAll(behaviours.Select(async behaviour =>
        {
            var clone = await node.HostileCloneAsync(behaviour, cancellationToken);
            // The second may find what the first left behind.
            for (var i = 0; i < 2; i++)
            {
                var end = await ExecAsync(caller, clone, Brief / 2, read: true, cancellationToken);
                output.WriteLine($"{behaviour}: {end}");
                end.StatusCode.ShouldBeOneOf(FaultsOfTheGuest, $"{behaviour}: {end}");
            }
        }));
    }, Limit);

    [Fact]
    public Task CommandsInAGuestThatNeverAnswersTakeNothingFromOthers() => new Siege(node, output).WithstandAsync("200 silent execs", async cancellationToken =>
    {
        using var caller = new LocalCaller(node.Socket, BesiegedNode.HostileUser);
        var clone = await node.HostileCloneAsync("silent-exec", cancellationToken);
        var ends = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ExecAsync(caller, clone, Long, read: true, cancellationToken)));
        ends.Select(end => end.StatusCode).ShouldBeSubsetOf(FaultsOfTheGuest);
    }, Limit);

    private static async Task<Status> ExecAsync(LocalCaller caller, VmClone clone, TimeSpan limit, bool read, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(limit);
        using var call = caller.Clones.ExecClone(cancellationToken: enough.Token);
        return await LocalCaller.EndAsync(RunAsync());

        async Task RunAsync()
        {
            await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = new ExecStart { Name = clone.Name, Arguments = { "true" } } }, enough.Token);
            await (read ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, enough.Token));
            while (await call.ResponseStream.MoveNext(enough.Token))
            {
                // What the guest says is of no interest.
            }
        }
    }
}
