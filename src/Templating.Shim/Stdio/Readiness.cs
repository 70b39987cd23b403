using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Shim.Stdio;

/// <summary>Waits for pipes, all of them on one thread: .NET would hold a thread for each of those that it waits for.</summary>
#pragma warning disable CA1001 // It lives as long as the process.
internal sealed class Readiness
#pragma warning restore CA1001
{
    private const int Batch = 32;

    /// <summary>Its thread begins with the first pipe and ends with the process.</summary>
    private static readonly Lazy<Readiness> First = new(() => new Readiness());

    private readonly Epoll _epoll = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, TaskCompletionSource> _waiting = [];
    private ulong _lastKey;

    private Readiness() => new Thread(Run, 256 * 1024) { IsBackground = true, Name = "pipes" }.Start();

    public static Readiness Shared => First.Value;

    /// <param name="pipe">Not to be closed before this ends, and waited for once at a time.</param>
    /// <param name="toWrite">Until it can be written; else until it can be read, or until its last writer has closed it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task WaitAsync(SafeFileHandle pipe, bool toWrite, CancellationToken cancellationToken)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ulong key;
        lock (_lock)
        {
            key = ++_lastKey;
            _waiting.Add(key, ready);
        }

        try
        {
            _epoll.Watch(pipe, toWrite, key);
            await ready.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _epoll.Forget(pipe);
            lock (_lock)
            {
                _waiting.Remove(key);
            }
        }
    }

    private void Run()
    {
        Span<ulong> keys = stackalloc ulong[Batch];
        while (true)
        {
            foreach (var key in keys[.._epoll.Wait(keys)])
            {
                TaskCompletionSource? ready;
                lock (_lock)
                {
                    _waiting.Remove(key, out ready);
                }

                ready?.TrySetResult();
            }
        }
    }
}
