using Templating.Core.Capacity;
using Templating.Testing;

namespace Templating.UnitTests.Capacity;

public sealed class HostPressureTests : IDisposable
{
    private const string Line = "some avg10={0} avg60=0.00 avg300=0.00 total=1\nfull avg10=99.00 avg60=0.00 avg300=0.00 total=1\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("10.00", "80.00", null)]
    [InlineData("10.01", "0.00", "memory")]
    [InlineData("0.00", "80.01", "cpu")]
    [InlineData("99.00", "99.00", "memory")]
    public void AHostIsShortOfWhatItsProgramsWaitForLongerThanTheLimit(string memory, string cpu, string? expected)
    {
        _folder.Write("memory", Line.Replace("{0}", memory, StringComparison.Ordinal));
        _folder.Write("cpu", Line.Replace("{0}", cpu, StringComparison.Ordinal));

        var pressure = new HostPressure(new PressureLimits(), _folder.Path);
        var found = pressure.FindMemory() ?? pressure.FindCpu();

        (found is null).ShouldBe(expected is null, found);
        found?.ShouldContain($"short of {expected}");
    }

    [Fact]
    public void AHundredIsNeverTooMuch()
    {
        _folder.Write("memory", Line.Replace("{0}", "100.00", StringComparison.Ordinal));
        _folder.Write("cpu", Line.Replace("{0}", "100.00", StringComparison.Ordinal));

        var pressure = new HostPressure(new PressureLimits { Memory = 100, Cpu = 100 }, _folder.Path);
        (pressure.FindMemory() ?? pressure.FindCpu()).ShouldBeNull();
    }

    [Fact]
    public void AKernelThatDoesNotTellIsNotShortOfAnything() => new HostPressure(new PressureLimits(), _folder["none"]).FindMemory().ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("some")]
    [InlineData("full avg10=99.00 avg60=0.00")]
    [InlineData("some avg10=much avg60=0.00")]
    [InlineData("some avg10=-1 avg60=0.00")]
    public void WhatIsNoPressureIsNone(string text) => HostPressure.Read(text).ShouldBeNull();
}
