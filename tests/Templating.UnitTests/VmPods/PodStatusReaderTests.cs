using Templating.Node.VmPods;
using Templating.V1;

namespace Templating.UnitTests.VmPods;

/// <summary>What a pod says of itself, which its tenant may have it say anything of.</summary>
public sealed class PodStatusReaderTests
{
    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("fd00::7", "fd00::7")]
    [InlineData("", "")]
    [InlineData("none", "")]
    [InlineData("10.1.2.3\n", "")]
    [InlineData("10.1.2.300", "")]
    public void AnAddressIsOneOrNothing(string said, string expected) => PodStatusReader.Read(new PodStatus { Ip = said }).Ip.ShouldBe(expected);

    [Fact]
    public void AnAddressOfAnyLengthIsNothing() => PodStatusReader.Read(new PodStatus { Ip = new string('1', 1 << 20) }).Ip.ShouldBeEmpty();
}
