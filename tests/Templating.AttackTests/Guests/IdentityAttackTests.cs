using Grpc.Core;
using Templating.Api.Client;
using Templating.AttackTests.Harness;
using Xunit.Abstractions;

namespace Templating.AttackTests.Guests;

/// <summary>Guests that turn hostile when they are told who they are.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class IdentityAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>Longer than any clone of others may take.</summary>
    private static readonly TimeSpan LongSilence = TimeSpan.FromSeconds(10);

    [Fact]
    public Task LiesAboutAnIdentityFailTheCloneThatTellsThem() => new Siege(node, output).WithstandAsync("lies", async cancellationToken =>
    {
        string[] lies = ["wrong-id", "wrong-host", "wrong-machine", "wrong-random", "clock-min", "clock-max", "clock-over", "clock-zero"];
        await Task.WhenAll(lies.Select(async lie =>
        {
            var failure = await Should.ThrowAsync<TemplatingClientException>(node.HostileCloneAsync(lie, cancellationToken, Patience), lie);
            output.WriteLine($"{lie}: {failure.Reason}: {failure.Message}");
            failure.Reason.ShouldBeOneOf(["IDENTITY_NOT_CONFIRMED", "GUEST_AGENT_FAILED"], $"{lie}: {failure.Message}");
        }));
    }, Limit);

    [Fact]
    public Task NonsenseInsteadOfAnIdentityFailsTheCloneThatSaysIt() => new Siege(node, output).WithstandAsync("nonsense", async cancellationToken =>
    {
        string[] all = ["huge-line", "nonsense", "failed-flood"];
        await Task.WhenAll(all.Select(async nonsense =>
        {
            var failure = await Should.ThrowAsync<TemplatingClientException>(node.HostileCloneAsync(nonsense, cancellationToken, Patience), nonsense);
            output.WriteLine($"{nonsense}: {failure.Reason}: {failure.Message}");
            failure.Code.ShouldNotBe(StatusCode.Internal);
            failure.Code.ShouldNotBe(StatusCode.Unknown);
        }));
        // Who they are these say truly; what comes after that is nobody else's concern.
        string[] late = ["twice", "reopen", "console"];
        await Task.WhenAll(late.Select(name => node.HostileCloneAsync(name, cancellationToken)));
        await Task.Delay(Patience, TimeProvider.System, cancellationToken);
    }, Limit);

    /// <summary>More of them than start at once on any machine that runs this.</summary>
    [Fact]
    public Task GuestsThatNeverAnswerKeepNobodyElseFromStarting() => new Siege(node, output).WithstandAsync("silent starts", async cancellationToken =>
    {
        var silent = Enumerable.Range(0, 2 * Environment.ProcessorCount + 2).Select(_ => node.HostileCloneAsync("silent", cancellationToken, LongSilence));
        await Task.WhenAll(silent.Select(start => Should.ThrowAsync<TemplatingClientException>(start)));
    }, Limit);
}
