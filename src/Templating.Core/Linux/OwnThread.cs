using System.Runtime.ExceptionServices;

namespace Templating.Core.Linux;

/// <summary>
/// A thread for one step that changes what the kernel keeps for each thread: namespaces, folders, filters. It ends with the
/// step, because there is no way back from some of them, and no other work may run where they hold: what waits for it is told by
/// the thread's end, not by a task, for a task's end could begin a thread of the pool from within.
/// </summary>
internal static class OwnThread
{
    public static T Run<T>(string name, Func<T> step)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = step();
            }
#pragma warning disable CA1031 // It goes to the caller, below.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, 256 * 1024)
        { IsBackground = true, Name = name };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
