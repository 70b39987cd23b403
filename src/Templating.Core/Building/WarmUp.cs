using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Building;

/// <summary>Runs a warm-up command in the template's guest and insists on exit code 0.</summary>
internal static class WarmUp
{
    /// <exception cref="TemplatingException">WarmUpFailed, with the end of the command's output.</exception>
    public static async Task RunAsync(
        IVm vm, IReadOnlyList<string> arguments, TimeSpan left, TimeProvider time, CancellationToken cancellationToken)
    {
        var name = string.Join(' ', arguments);
        if (left <= TimeSpan.Zero)
        {
            throw new TemplatingException(
                ErrorCode.GuestNotReady, $"The readiness timeout had passed before warm-up command '{name}' could run. Raise readiness.timeout.");
        }

        var end = await GuestProgram.RunAsync(vm, arguments, left, time, cancellationToken);
        if (end.ExitCode is not 0)
        {
            var how = end.ExitCode is { } code ? $"exited with {code}" : $"was ended by signal {end.Signal}";
            throw new TemplatingException(
                ErrorCode.WarmUpFailed, $"Warm-up command '{name}' {how}; 0 is expected. The end of its output: {end.Said}");
        }
    }
}
