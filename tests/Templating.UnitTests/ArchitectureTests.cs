using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using Templating.Core.Errors;
using Templating.Testing.Architecture;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Templating.UnitTests;

/// <summary>Who may import whom (docs/design.md).</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Core = typeof(ErrorCode).Assembly;
    private static readonly Assembly Qemu = typeof(Templating.Qemu.QemuVmm).Assembly;
    private static readonly Assembly Api = typeof(Templating.V1.CloneService).Assembly;
    private static readonly Assembly Cli = typeof(Templating.Cli.Base.CliHost).Assembly;
    private static readonly Assembly Node = Assembly.Load("templating");

    private static readonly Architecture House = new ArchLoader().LoadAssemblies(Core, Qemu, Api, Cli, Node).Build();

    /// <summary>The folders of the node that speak to callers, pods and the daemon itself; all others have Core's records.</summary>
    private const string WireFolders = "Mapping|Services|Relays|VmPods|PodProcess|Commands";

    [Fact]
    public void TheDomainKnowsNoQemuNoWireAndNoDaemon() => ReferencesOf(Core).ShouldBe(["Templating.Contract"]);

    [Fact]
    public void QemuKnowsOnlyTheDomain() => ReferencesOf(Qemu).ShouldBe(["Templating.Contract", "Templating.Core"], ignoreOrder: true);

    [Fact]
    public void TheClientLibraryKnowsNoneOfTheOthers() => ReferencesOf(Api).ShouldBeSubsetOf(["Templating.Contract"]);

    [Fact]
    public void TheCommandLineKnowsOnlyTheClientLibraryTheContractAndTheTerminal()
    {
        ReferencesOf(Cli).ShouldBe(["Templating.Api", "Templating.Contract", "Templating.Terminal"], ignoreOrder: true);
        Cli.GetReferencedAssemblies().Select(a => a.Name!).ShouldAllBe(n => !n.StartsWith("Microsoft.AspNetCore"));
    }

    [Fact]
    public void TheTerminalKnowsNobody() => ReferencesOf(Assembly.Load("Templating.Terminal")).ShouldBeEmpty();

    [Fact]
    public void TheOwnersPortKnowsNobodyAndNothingButTheBaseLibrary() => Assembly.Load("Templating.OwnerPort").GetReferencedAssemblies()
        .Select(a => a.Name!).ShouldAllBe(n => n.StartsWith("System."));

    [Theory]
    [InlineData("Templating.Contract", "Templating.Contract")]
    [InlineData("Templating.Core", "Templating.Core")]
    [InlineData("Templating.Qemu", "Templating.Qemu")]
    [InlineData("Templating.Api", "Templating.Api")]
    [InlineData("templating", "Templating.Node")]
    [InlineData("Templating.Cli", "Templating.Cli")]
    [InlineData("Templating.Terminal", "Templating.Terminal")]
    [InlineData("Templating.OwnerPort", "Templating.OwnerPort")]
    public void TheFoldersOfAProjectAreLayers(string assembly, string root) =>
        FolderLayers.Circles(Assembly.Load(assembly), root).ShouldBeEmpty();

    [Fact]
    public void TheDomainHasNoGrpcAndNoProtobuf() =>
        Core.GetReferencedAssemblies().Select(a => a.Name!).ShouldAllBe(n => !n.StartsWith("Grpc") && !n.StartsWith("Google"));

    [Theory]
    [InlineData(WireFolders, @"^Templating\.V1$")]
    [InlineData("Kubernetes", @"^Templating\.(Csi|DevicePlugin|PluginRegistration)\.")]
    public void WireTypesStopAtTheFoldersThatSpeakToOthers(string folders, string wire)
    {
        IArchRule rule = Types().That().ResideInNamespaceMatching(@"^Templating\.Node\.")
            .And().DoNotResideInNamespaceMatching($@"^Templating\.Node\.({folders})(\.|$)")
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching(wire))
            .Because("generated types are for the wire; Core's records are for everything else");
        rule.Check(House);
        House.Types.ShouldContain(t => System.Text.RegularExpressions.Regex.IsMatch(t.Namespace.FullName, wire));
    }

    [Fact]
    public void OnlyTheWiringKnowsWhichMonitorIsReal()
    {
        IArchRule rule = Types().That().ResideInNamespaceMatching("^Templating\\.Node\\.(Services|Mapping|Relays|VmPods|Kubernetes|Sockets|Files|Authorization|Telemetry|Options)")
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching("^Templating\\.Qemu"))
            .Because("services speak to the domain");
        rule.Check(House);
    }

    [Fact]
    public void QmpStaysInsideItsProject() =>
        Qemu.GetExportedTypes().ShouldAllBe(t => !t.Namespace!.StartsWith("Templating.Qemu.Qmp"));

    [Fact]
    public void TheRuleSeesRealTypes() =>
        House.Types.Count(t => t.FullName.StartsWith("Templating.Node.Hosting", StringComparison.Ordinal)).ShouldBeGreaterThan(3);

    private static string[] ReferencesOf(Assembly assembly) =>
        [.. assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("Templating", StringComparison.OrdinalIgnoreCase))];
}
