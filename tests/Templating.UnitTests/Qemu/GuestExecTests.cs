using Templating.Core.Errors;
using Templating.Qemu.GuestAgent;

namespace Templating.UnitTests.Qemu;

public sealed class GuestExecTests
{
    [Fact]
    public void GuestThatIgnoresTheWindowIsCutOff()
    {
        var exec = new GuestExec(1);
        for (var i = 0; i < GuestExec.Window / 8192; i++)
        {
            exec.Receive(standardError: i % 2 == 0, new byte[8192]);
        }

        Should.Throw<TemplatingException>(() => exec.Receive(standardError: false, new byte[1]))
            .Code.ShouldBe(ErrorCode.GuestAgentFailed);
    }

    [Fact]
    public void ACommandThatWasKilledMaySayWhatIsOnTheWayAndNoMore()
    {
        var exec = new GuestExec(1) { Abandoned = true };
        for (var said = 0; said < GuestExec.MaxAfterwards; said += 8192)
        {
            exec.Receive(standardError: false, new byte[8192]);
            exec.Acknowledge(exec.Output.Drop());
        }

        Should.Throw<TemplatingException>(() => exec.Receive(standardError: false, new byte[1])).Message.ShouldContain("told to kill");
    }
}
