using Grpc.Core;
using Templating.AttackTests.Harness;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.AttackTests.Guests;

/// <summary>Guests that never stop printing.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class ConsoleAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    private const int Readers = 64;

    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(6);

    [Fact]
    public Task AConsoleWithoutEndCostsNothingHoweverManyDoNotReadIt() => new Siege(node, output).WithstandAsync("flooded console", async cancellationToken =>
    {
        using var caller = new LocalCaller(node.Socket, BesiegedNode.HostileUser);
        var clone = await node.HostileCloneAsync("console", cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(Attack);
        var ends = await Task.WhenAll(Enumerable.Range(0, Readers).Select(i => AttachAsync(caller, clone, read: i == 0, enough.Token)));
        ends.ShouldNotContain(end => end.StatusCode == StatusCode.Internal || end.StatusCode == StatusCode.Unknown);
    }, Limit);

    private static async Task<Status> AttachAsync(LocalCaller caller, VmClone clone, bool read, CancellationToken enough)
    {
        using var call = caller.Clones.AttachConsole(cancellationToken: enough);
        return await LocalCaller.EndAsync(RunAsync());

        async Task RunAsync()
        {
            await call.RequestStream.WriteAsync(
                new AttachConsoleRequest { Start = new AttachConsoleStart { Name = clone.Name, WithHistory = true } }, enough);
            await (read ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, enough));
            while (await call.ResponseStream.MoveNext(enough))
            {
                // What the guest says is of no interest.
            }
        }
    }
}
