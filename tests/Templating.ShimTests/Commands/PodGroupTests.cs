using Templating.Shim.Commands;
using Templating.Shim.Errors;
using Templating.Testing;

namespace Templating.ShimTests.Commands;

public sealed class PodGroupTests : IDisposable
{
    private readonly TempFolder _bundle = new();

    [Theory]
    [InlineData("""{"annotations": {"io.kubernetes.cri.sandbox-id": "pod"}}""", "pod", true)]
    [InlineData("""{"annotations": {"io.kubernetes.cri.sandbox-id": "own"}}""", "own", false)]
    [InlineData("""{"annotations": {"other": "pod"}}""", "own", false)]
    [InlineData("""{"annotations": null}""", "own", false)]
    [InlineData("[]", "own", false)]
    public void AContainersShimIsItsPods(string config, string group, bool isMember)
    {
        _bundle.Write("config.json", config);

        PodGroup.Read(_bundle.Path, "own").ShouldBe(new PodGroup(group, isMember));
    }

    [Fact]
    public void WhatIsNoJsonIsRefusedByItsPath()
    {
        _bundle.Write("config.json", "{");

        Should.Throw<ShimException>(() => PodGroup.Read(_bundle.Path, "own")).Message.ShouldContain(_bundle["config.json"]);
    }

    public void Dispose() => _bundle.Dispose();
}
