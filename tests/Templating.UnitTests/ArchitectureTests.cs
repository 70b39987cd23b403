using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using Templating.Core.Errors;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Templating.UnitTests;

/// <summary>Who may import whom (docs/design.md).</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Core = typeof(ErrorCode).Assembly;
    private static readonly Assembly Qemu = typeof(Templating.Qemu.QemuVmm).Assembly;
    private static readonly Assembly Api = typeof(Templating.V1.CloneService).Assembly;
    private static readonly Assembly Node = Assembly.Load("templating");

    private static readonly Architecture House = new ArchLoader().LoadAssemblies(Core, Qemu, Api, Node).Build();

    [Fact]
    public void TheDomainKnowsNoQemuNoWireAndNoDaemon() => ReferencesOf(Core).ShouldBe(["Templating.Contract"]);

    [Fact]
    public void QemuKnowsOnlyTheDomain() => ReferencesOf(Qemu).ShouldBe(["Templating.Contract", "Templating.Core"], ignoreOrder: true);

    [Fact]
    public void TheClientLibraryKnowsNoneOfTheOthers() => ReferencesOf(Api).ShouldBeSubsetOf(["Templating.Contract"]);

    [Fact]
    public void TheDomainHasNoGrpcAndNoProtobuf() =>
        Core.GetReferencedAssemblies().Select(a => a.Name!).ShouldAllBe(n => !n.StartsWith("Grpc") && !n.StartsWith("Google"));

    [Theory]
    [InlineData("Templating.Node.Hosting")]
    [InlineData("Templating.Node.Authorization")]
    [InlineData("Templating.Node.Options")]
    [InlineData("Templating.Node.Telemetry")]
    public void WireTypesStopAtMappingAndServices(string folder)
    {
        IArchRule rule = Types().That().ResideInNamespace(folder)
            .Should().NotDependOnAny(Types().That().ResideInNamespace("Templating.V1"))
            .Because("generated types are for the wire; Core's records are for everything else");
        rule.Check(House);
    }

    [Fact]
    public void OnlyTheWiringKnowsWhichMonitorIsReal()
    {
        IArchRule rule = Types().That().ResideInNamespaceMatching("^Templating\\.Node\\.(Services|Mapping|Authorization|Telemetry|Options)")
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
