using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Templates;

/// <summary>What nodes are labelled with follows their daemons.</summary>
public sealed class NodeLabelTests
{
    [Fact]
    public async Task LabelsOfANodeWhoseDaemonWentAreWithdrawnAndComeBackWithIt()
    {
        await using var test = await StartAsync();
        var revision = (await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "2/2", "it is ready on both nodes"))!.Status!.Revision!;
        await UntilAsync(test, 2, labelled: revision, annotated: null);

        await test.RemoveDaemonAsync(2);
        await UntilAsync(test, 2, labelled: null, annotated: revision);
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1" && t.Status.Nodes!.Single().Name == test.Node(1).Name, "the node is not counted on");
        await UntilAsync(test, 1, labelled: revision, annotated: null);
        await test.AddDaemonAsync(2);

        await UntilAsync(test, 2, labelled: revision, annotated: null);
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "2/2", "it is counted on again");
    }

    [Fact]
    public async Task FilesOfATemplateThatWasDeletedWhileADaemonWasAwayGoWhenItIsBack()
    {
        await using var test = await StartAsync();
        var revision = (await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "2/2", "it is ready on both nodes"))!.Status!.Revision!;
        await UntilAsync(test, 2, labelled: revision, annotated: null);
        await test.RemoveDaemonAsync(2);
        await UntilAsync(test, 2, labelled: null, annotated: revision);
        await test.DeleteAsync<VMTemplate>("web");
        await test.UntilAsync<VMTemplate>("web", t => t is null, "it is gone");
        test.Node(2).Templates.ShouldNotBeEmpty();

        await test.AddDaemonAsync(2);

        await UntilAsync(test, 2, labelled: null, annotated: null);
        test.Node(2).Templates.ShouldBeEmpty();
    }

    [Fact]
    public async Task ANodeWhoseKubeletDoesNotKnowTheDriverIsNotReadyForVMPods()
    {
        await using var test = await StartAsync();
        var revision = (await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "2/2", "it is ready on both nodes"))!.Status!.Revision!;
        await test.CreateAsync(new V1CSINode { Metadata = new V1ObjectMeta { Name = test.Node(2).Name }, Spec = new V1CSINodeSpec { Drivers = [] } });

        await UntilAsync(test, 2, labelled: null, annotated: revision);
        var template = await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/2", "the node is not counted as ready");
        template!.Status!.Nodes!.Single(n => n.Name == test.Node(2).Name).Message!.ShouldContain("does not know the CSI driver");
    }

    private static async Task<TestSpace> StartAsync()
    {
        var test = await TestSpace.PrepareAsync();
        await test.AddNodeAsync();
        await test.AddNodeAsync();
        await test.StartOperatorAsync("one", "--Pods:DaemonLostAfter=00:00:01");
        await test.CreateTemplateAsync("web");
        return test;
    }

    private static Task UntilAsync(TestSpace test, int number, string? labelled, string? annotated) => Eventually.UntilAsync(
        async () =>
        {
            var node = (await test.Api.GetAsync<V1Node>(new("", test.Node(number).Name), CancellationToken.None))!.Metadata;
            return (Of(node.Labels), Of(node.Annotations)) == (labelled, annotated);
            string? Of(IDictionary<string, string>? all) => all is not null && all.TryGetValue(Keys.NodeLabel(test.Name, "web"), out var value) ? value : null;
        },
        $"node {number} has the label '{labelled}' and the annotation '{annotated}'");
}
