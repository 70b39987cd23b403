using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using Templating.Qemu.Process;

namespace Templating.Qemu.Images;

/// <summary>
/// The thread that starts the maker of an image from where that is confined. The kernel ends the maker with the thread, which
/// therefore stays until this is disposed: so the maker ends with the daemon, too. It tells of its start by no task, whose end could begin a
/// thread of the pool from within.
/// </summary>
internal sealed class BuilderThread : IDisposable
{
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _started = new();
    private readonly ManualResetEventSlim _ended = new();
    private ExceptionDispatchInfo? _failure;
    private int _pid;

    public BuilderThread(SafeFileHandle tree, string output, SpawnRequest request) =>
        _thread = new Thread(() => Run(tree, output, request), 256 * 1024) { IsBackground = true, Name = "image-maker" };

    /// <returns>The maker's process id.</returns>
    public int Start()
    {
        _thread.Start();
        _started.Wait(CancellationToken.None);
        _failure?.Throw();
        return _pid;
    }

    public void Dispose()
    {
        _ended.Set();
        if (!_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _thread.Join();
        }

        _started.Dispose();
        _ended.Dispose();
    }

    private void Run(SafeFileHandle tree, string output, SpawnRequest request)
    {
        try
        {
            BuilderRoot.Enter(tree, output);
            _pid = Spawner.Start(request);
        }
#pragma warning disable CA1031 // It goes to who waits for the start.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }

        _started.Set();
        _ended.Wait(CancellationToken.None);
    }
}
