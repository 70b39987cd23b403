using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Building;

/// <summary>
/// Waits until a guest that runs systemd has booted, as <c>systemctl is-system-running</c> tells it: what is frozen before that, each clone
/// does again. Other guests have nothing that could say it, and are not waited for.
/// </summary>
internal static class GuestBoot
{
    private const int CannotExecute = 126;

    /// <summary>Where systemd does not know how to wait (before version 240) or did not take the question yet.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);

    /// <summary>For each question about a boot that went wrong.</summary>
    private static readonly TimeSpan Question = TimeSpan.FromSeconds(10);

    /// <returns>The units that had failed, where systemd calls itself degraded; else none.</returns>
    /// <exception cref="TemplatingException">GuestNotReady: its boot did not end in time, or ended in rescue mode.</exception>
    public static async Task<IReadOnlyList<string>> WaitAsync(
        IVm vm, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var state = "starting";
        while (limit - time.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
        {
            var end = await AskAsync(vm, left, time, cancellationToken, "is-system-running", "--wait");
            state = end.ExitCode is null ? state : end.Output;
            switch (state)
            {
                case "running":
                    return [];
                case "degraded":
                    return await FailedAsync(vm, time, cancellationToken);
                case "maintenance" or "stopping":
                    throw await ExplainAsync(vm, $"is in state '{state}' instead of running", time, cancellationToken);
                case "starting" or "initializing":
                    await Task.Delay(Again < left ? Again : left, time, cancellationToken);
                    break;
                default:
                    // No systemctl, or "offline": something else is PID 1.
                    return [];
            }
        }

        throw await ExplainAsync(vm, $"had not booted when the readiness timeout was over: it is in state '{state}'", time, cancellationToken);
    }

    private static async Task<IReadOnlyList<string>> FailedAsync(IVm vm, TimeProvider time, CancellationToken cancellationToken) =>
        SystemdUnits.Failed(
            (await AskAsync(vm, Question, time, cancellationToken, "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager")).Output);

    private static async Task<TemplatingException> ExplainAsync(IVm vm, string what, TimeProvider time, CancellationToken cancellationToken)
    {
        var jobs = SystemdUnits.Jobs((await AskAsync(vm, Question, time, cancellationToken, "list-jobs", "--no-legend", "--no-pager")).Output);
        var failed = await FailedAsync(vm, time, cancellationToken);
        return new TemplatingException(ErrorCode.GuestNotReady,
            $"The guest's systemd {what}. {SystemdUnits.Words("Still to be done", jobs)}{SystemdUnits.Words("Failed units", failed)}"
            + "Mend or mask them in the image, raise readiness.timeout, or set readiness.wait_for_boot to false to freeze it as it is.");
    }

    private static async Task<GuestProgramEnd> AskAsync(
        IVm vm, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken, params string[] arguments)
    {
        try
        {
            var end = await GuestProgram.RunAsync(vm, ["systemctl", .. arguments], limit, time, cancellationToken);
            return end.ExitCode is GuestProgram.NotFound or CannotExecute ? end with { Output = "" } : end;
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.InvalidArgument)
        {
            // templating-guest could not start it.
            return new GuestProgramEnd(GuestProgram.NotFound, Signal: null, "", e.Message);
        }
    }
}
