using k8s;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.NodeLabels;

public sealed class NodeLabelRefusalTests
{
    [Fact]
    public async Task LabelsThatCannotBeWrittenAreToldByAnEventOfTheNode()
    {
        await using var space = await TestSpace.PrepareAsync();
        var node = await space.AddNodeAsync(new Dictionary<string, string> { ["test"] = space.Name });
        await using var policy = await RefusingWebhook.StartAsync(space, "nodes are frozen", "UPDATE nodes");
        await space.StartOperatorAsync("one");
        await space.CreateTemplateAsync("base");
        node.OnBuild = (request, _) =>
        {
            node.AddTemplate(request.Tenant, request.Template);
            return Task.CompletedTask;
        };

        var told = await Eventually.SeeAsync(
            async () => (await space.Client.CoreV1.ListNamespacedEventAsync("default")).Items
                .FirstOrDefault(e => e.InvolvedObject.Kind == "Node" && e.InvolvedObject.Name == node.Name),
            _ => true, "an Event about the node");

        told.Reason.ShouldBe("LabelsNotWritten");
        told.Message.ShouldContain("nodes are frozen");
    }
}
