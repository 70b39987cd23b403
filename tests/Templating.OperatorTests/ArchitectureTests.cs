using Templating.Kubernetes;
using Templating.Operator.Hosting;
using Templating.Testing.Architecture;

namespace Templating.OperatorTests;

/// <summary>Who may import whom (docs/design.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void TheFoldersOfTheOperatorFormNoCircle() => FolderLayers.Circles(typeof(OperatorHost).Assembly, "Templating.Operator").ShouldBeEmpty();

    [Fact]
    public void TheFoldersOfTheResourcesFormNoCircle() => FolderLayers.Circles(typeof(Group).Assembly, "Templating.Kubernetes").ShouldBeEmpty();
}
