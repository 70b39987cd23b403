using System.Globalization;
using Templating.IntegrationTests.Guests;
using Templating.IntegrationTests.Node;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;
using Xunit.Abstractions;

namespace Templating.IntegrationTests.Shims;

/// <summary>A shim in another language, made of the .proto files and docs/guest-protocol.md: tests/shim.</summary>
public sealed class ShimTests(ITestOutputHelper output) : NodeTest
{
    private const string Template = $"tenants/{PreparedStore.Tenant}/templates/shim";

    [Fact]
    public async Task AShimInPythonLivesTheWholeLifeOfASandboxAndNothingIsLeft()
    {
        var made = await DebianRoot.GetAsync(Limit);
        await using var node = await TestNode.StartEmptyAsync(("IMAGES_FOLDERS", made));
        var spec = GuestSpecs.Web();
        (spec.Sandbox, spec.Network, spec.Machine.MaxMemoryBytes, spec.Machine.MaxVcpus) = (true, null, 512L << 20, 2);
        await node.Client.BuildAsync("shim", spec, Limit);

        var run = await Programs.RunAsync("/usr/bin/python3",
        [
            "-B", Path.Combine(Repository.Root, "tests/shim/check_shim.py"), "--socket", node.Folder.Socket, "--run", node.Folder.Run,
            "--template", Template, "--image", Path.GetDirectoryName(GuestArtifacts.Locate().Kernel)!,
            "--root", Path.Combine(made, "debian-guest/root"), "--memory", GuestSpecs.MemoryBytes.ToString(CultureInfo.InvariantCulture),
        ], Limit);

        output.WriteLine(run.Output);
        run.ExitCode.ShouldBe(0, run.Error + run.Output);
        await NothingIsLeftAsync(node);
    }
}
