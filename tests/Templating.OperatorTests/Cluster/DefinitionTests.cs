using k8s;
using k8s.Models;
using Templating.Kubernetes.Definitions;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Cluster;

public sealed class DefinitionTests
{
    [Theory]
    [InlineData("crds", true)]
    [InlineData("crds-legacy", false)]
    public void TheChartsDefinitionsAreWhatTheTypesSay(string folder, bool withCel)
    {
        var files = Path.Combine(Repository.Root, "charts/templating/files", folder);
        foreach (var file in CrdGenerator.Files(withCel))
        {
            File.ReadAllText(Path.Combine(files, file.Name)).ShouldBe(file.Yaml, $"{folder}/{file.Name} has drifted: run `dotnet run eng/crds.cs`.");
        }
    }

    [Fact]
    public async Task ARealServerAcceptsThemWithoutAReservation()
    {
        using var client = (await SharedCluster.GetAsync()).Client();
        foreach (var crd in CrdGenerator.Files(withCel: false).Select(file => KubernetesYaml.Deserialize<V1CustomResourceDefinition>(file.Yaml)))
        {
            var served = await client.ApiextensionsV1.ReadCustomResourceDefinitionAsync(crd.Metadata.Name);
            Definitions.IsEstablished(served).ShouldBeTrue();
            served.Status.Conditions.ShouldNotContain(condition => condition.Type == "NonStructuralSchema" && condition.Status == "True");
            served.Status.AcceptedNames.ShortNames.ShouldBe(crd.Spec.Names.ShortNames);
        }
    }
}
