namespace Templating.UnitTests;

/// <summary>How the runtime is set for all programs of this repository, this one among them: Directory.Build.props.</summary>
public sealed class RuntimeSettingsTests
{
    [Fact]
    public void AWorkerWithoutWorkSleepsAtOnceAndLeavesTheCpuToQemu() =>
        AppContext.GetData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit").ShouldBe("0");
}
