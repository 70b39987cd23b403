using Templating.Core.Machines;

namespace Templating.UnitTests.Machines;

public sealed class MemoryBackendValidatorTests
{
    [Theory]
    // share, readonly, rom, accepted, comes to ROM
    [InlineData(true, false, RomMode.Auto, true, false)]
    [InlineData(true, false, RomMode.Off, true, false)]
    [InlineData(true, false, RomMode.On, false, true)]
    [InlineData(true, true, RomMode.Auto, true, true)]
    [InlineData(true, true, RomMode.On, true, true)]
    [InlineData(true, true, RomMode.Off, false, false)]
    [InlineData(false, false, RomMode.Auto, true, false)]
    [InlineData(false, false, RomMode.Off, true, false)]
    [InlineData(false, false, RomMode.On, false, true)]
    [InlineData(false, true, RomMode.Auto, true, true)]
    [InlineData(false, true, RomMode.On, true, true)]
    [InlineData(false, true, RomMode.Off, true, false)]
    public void EachCombinationIsJudgedAndExplained(bool share, bool readOnly, RomMode rom, bool accepted, bool comesToRom)
    {
        var verdict = MemoryBackendValidator.Judge(new MemoryBackendFlags(share, readOnly, rom));

        verdict.Accepted.ShouldBe(accepted);
        verdict.Rom.ShouldBe(comesToRom);
        verdict.Explanation.StartsWith("Refused", StringComparison.Ordinal).ShouldBe(!accepted);
        verdict.Explanation.ShouldEndWith(".");
    }

    [Theory]
    [InlineData(MemoryRole.TemplateRam, true, true)]
    [InlineData(MemoryRole.CloneRam, true, false)]
    [InlineData(MemoryRole.Image, false, true)]
    public void EachRoleIsAcceptedAndPromisesItsMapping(MemoryRole role, bool writable, bool shared)
    {
        MemoryBackendValidator.Judge(MemoryBackends.FlagsFor(role)).Accepted.ShouldBeTrue();
        MemoryBackends.MappingFor(role).ShouldBe((writable, shared));
    }
}
