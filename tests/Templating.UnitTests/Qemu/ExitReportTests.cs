using Templating.Qemu.Process;

namespace Templating.UnitTests.Qemu;

public sealed class ExitReportTests
{
    /// <summary>A page of a file that could not be had: nobody knows what "signal 7" is.</summary>
    [Fact]
    public void BusErrorSaysWhatItMeans()
    {
        var exit = ExitReport.Make(new ProcessExit(null, 7), shutdownReason: null, killedByUs: false, "qemu: last words");

        exit.Signal.ShouldBe(7);
        exit.Reason.ShouldContain("signal 7 (SIGBUS)");
        exit.Reason.ShouldContain("full or failed (I/O error)");
        exit.Reason.ShouldEndWith(": qemu: last words");
    }

    [Fact]
    public void OtherSignalIsTold() =>
        ExitReport.Make(new ProcessExit(null, 11), shutdownReason: null, killedByUs: false, "").Reason.ShouldBe("killed by signal 11 (SIGSEGV: QEMU crashed)");
}
