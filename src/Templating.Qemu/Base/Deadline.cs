using Templating.Core.Errors;

namespace Templating.Qemu.Base;

/// <summary>A time limit on a step, told from the caller's own cancellation.</summary>
internal static class Deadline
{
    /// <exception cref="TemplatingException"><paramref name="late"/>, when the time is over.</exception>
    /// <exception cref="OperationCanceledException">When the caller cancelled.</exception>
    public static async Task<T> RunAsync<T>(
        TimeProvider time, TimeSpan limit, Func<CancellationToken, Task<T>> step, Func<TemplatingException> late,
        CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await step(either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw late();
        }
    }

    public static Task RunAsync(
        TimeProvider time, TimeSpan limit, Func<CancellationToken, Task> step, Func<TemplatingException> late,
        CancellationToken cancellationToken) =>
        RunAsync(time, limit, async token =>
        {
            await step(token);
            return true;
        }, late, cancellationToken);
}
