using Templating.AttackTests.Harness;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Xunit.Abstractions;

namespace Templating.AttackTests.Guests;

/// <summary>Guests that are honest until a command is to be run in them.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class ExecAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    /// <summary>Long enough for what grows to be seen to grow.</summary>
    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData("empty-outputs")]
    [InlineData("outputs")]
    public Task OutputsWithoutEndCostTheDaemonNothing(string behaviour) => new Siege(node, output).WithstandAsync(behaviour, async cancellationToken =>
    {
        var clone = await node.HostileCloneAsync(behaviour, cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(Attack);
        var exec = node.Client.ShellAsync(clone, "true", enough.Token);
        await Should.ThrowAsync<Exception>(exec);
    }, Limit);
}
