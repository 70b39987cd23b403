using Templating.Kubectl.Commands;
using Templating.Testing.Architecture;

namespace Templating.KubectlTests;

/// <summary>Who may import whom (docs/design.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void TheFoldersOfThePluginFormNoCircle() => FolderLayers.Circles(typeof(Cli).Assembly, "Templating.Kubectl").ShouldBeEmpty();
}
