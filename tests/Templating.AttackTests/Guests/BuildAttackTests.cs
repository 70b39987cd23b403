using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Api.Client;
using Templating.AttackTests.Harness;
using Templating.Testing.Nodes;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.AttackTests.Guests;

/// <summary>Guests that are hostile while their template is built.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class BuildAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Longer than an honest build takes beside them.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(40);

    /// <summary>The other agent's answers are JSON.</summary>
    [Fact]
    public Task AnAgentThatAnswersNonsenseFailsItsOwnBuild() => new Siege(node, output).WithstandAsync("hostile qemu-ga", async cancellationToken =>
    {
        string[] behaviours = ["deep", "nonsense"];
        await Task.WhenAll(behaviours.Select(async behaviour =>
        {
            var failure = await Should.ThrowAsync<TemplatingClientException>(
                BuildAsync(behaviour, $"templating.test=no-daemon hostile.qga={behaviour}", Patience, cancellationToken));
            output.WriteLine($"{failure.Reason}: {failure.Message}");
            failure.Code.ShouldNotBe(StatusCode.Internal);
            failure.Code.ShouldNotBe(StatusCode.Unknown);
        }));
    }, Limit);

    [Fact]
    public async Task BuildsThatHangKeepNobodyElseFromBuilding()
    {
        await new Siege(node, output).WithstandAsync("hanging builds", async cancellationToken =>
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var hanging = Enumerable.Range(0, 2).Select(
                i => BuildAsync($"hanging-{i}", "templating.test=never-ready", LongPatience, enough.Token)).ToArray();
            var honest = node.Client.BuildAsync("other", GuestSpecs.Web(), cancellationToken);

            (await Task.WhenAny([.. hanging, honest])).ShouldBe(honest, "an honest build ends first");

            await honest;
            await enough.CancelAsync();
            await Task.WhenAll(hanging.Select(build => Should.ThrowAsync<OperationCanceledException>(build)));
        }, Limit);
        await node.Client.Templates.DeleteTemplateAsync(
            new DeleteTemplateRequest { Name = $"tenants/{PreparedStore.Tenant}/templates/other" }, cancellationToken: Limit);
    }

    private Task<Template> BuildAsync(string name, string words, TimeSpan patience, CancellationToken cancellationToken)
    {
        var spec = HostileGuest.Spec(node.Initrd, words);
        spec.Readiness.Timeout = Duration.FromTimeSpan(patience);
        return node.Client.BuildAsync(name, spec, cancellationToken, BesiegedNode.HostileTenant);
    }
}
