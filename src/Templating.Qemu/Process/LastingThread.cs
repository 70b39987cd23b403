using System.Collections.Concurrent;

namespace Templating.Qemu.Process;

/// <summary>
/// One thread that never ends. A child that asked for a signal at its parent's death (PR_SET_PDEATHSIG, prctl(2)) gets it
/// when the thread that made it ends, and the thread pool ends its threads as it likes.
/// </summary>
internal static class LastingThread
{
    private static readonly BlockingCollection<Action> Work = Begin();

    /// <summary>Runs there what takes microseconds, and waits for it.</summary>
    public static T Run<T>(Func<T> step)
    {
        using var done = new ManualResetEventSlim();
        T result = default!;
        Exception? failure = null;
        Work.Add(() =>
        {
            try
            {
                result = step();
            }
#pragma warning disable CA1031 // It goes to the caller, below.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = e;
            }

            done.Set();
        });
        done.Wait();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        return result;
    }

    private static BlockingCollection<Action> Begin()
    {
        var work = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var step in work.GetConsumingEnumerable())
            {
                step();
            }
        }, 128 * 1024)
        { IsBackground = true, Name = "spawner" }.Start();
        return work;
    }
}
