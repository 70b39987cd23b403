namespace Templating.Core.Linux;

/// <summary>
/// Runs what takes seconds of processor or disk on a thread of its own: on the pool it would hold the threads that every
/// call's answer needs, and the pool adds others only slowly. How many at once is the caller's to bound.
/// </summary>
internal static class WorkThread
{
    /// <summary>Behind everything that somebody waits for.</summary>
    public const int Low = 10;

    private const int StackBytes = 256 * 1024;

    /// <param name="name">Of the thread, for who looks at the process.</param>
    /// <param name="work">Done there.</param>
    /// <param name="nice">How much it gives way to others: 0 to 19.</param>
    public static Task<T> RunAsync<T>(string name, Func<T> work, int nice = 0)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(
            () =>
            {
                // A kernel that refuses only leaves it as quick as the others.
                _ = nice == 0 ? 0 : ProcessCalls.SetPriority(0, 0, nice);
                try
                {
                    result.SetResult(work());
                }
                catch (OperationCanceledException e)
                {
                    result.SetCanceled(e.CancellationToken);
                }
#pragma warning disable CA1031 // It goes to who awaits the result.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    result.SetException(e);
                }
            }, StackBytes)
        { IsBackground = true, Name = name }.Start();
        return result.Task;
    }
}
