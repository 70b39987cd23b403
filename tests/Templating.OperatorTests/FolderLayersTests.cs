using Templating.OperatorTests.Layers.Lower;
using Templating.OperatorTests.Layers.Upper;
using Templating.Testing.Architecture;

namespace Templating.OperatorTests
{
    public sealed class FolderLayersTests
    {
        [Fact]
        public void ACircleIsToldWithAUseForEachEdge()
        {
            var circle = FolderLayers.Circles(typeof(FolderLayersTests).Assembly, "Templating.OperatorTests.Layers").ShouldHaveSingleItem();

            circle.ShouldBe("Templating.OperatorTests.Layers: Lower -> Upper (Base uses Roof); Upper -> Lower (Roof uses Base)");
        }
    }
}

namespace Templating.OperatorTests.Layers.Lower
{
    internal static class Base
    {
        // Only the code in a lambda within it names the other.
        public static Func<object> Maker { get; } = () => new List<Roof[]>();
    }
}

namespace Templating.OperatorTests.Layers.Upper
{
    internal sealed class Roof
    {
        public object Made { get; } = Base.Maker();
    }
}

namespace Templating.OperatorTests.Layers.Top
{
    /// <summary>Uses one of the circle, and is on none.</summary>
    internal sealed class Flag
    {
        public Roof? Roof { get; set; }
    }
}
