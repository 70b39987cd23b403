using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// Tells that something was written in one of many places (inotify(7)), and not what: who is told looks for himself, and so an event that is
/// lost among others costs nothing. One thread for all of them.
/// </summary>
internal sealed partial class FileWatch : IDisposable
{
    private const int CloseOnExec = 0x80000;

    /// <summary>Written and closed, made, moved, removed; the place itself or what is in it.</summary>
    private const uint Changes = 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800;

    private const uint NoFollow = 0x0200_0000;
    private const int StackBytes = 128 * 1024;

    private readonly SafeFileHandle _queue;
    private readonly Action _changed;
    private volatile bool _over;

    /// <param name="changed">Called on a thread of its own, and not for long.</param>
    public FileWatch(Action changed)
    {
        var queue = Make(CloseOnExec);
        _queue = queue >= 0 ? new SafeFileHandle(queue, ownsHandle: true) : throw FileSystem.LastError("watch", "files");
        _changed = changed;
        new Thread(Read, StackBytes) { IsBackground = true, Name = "file watch" }.Start();
    }

    /// <summary>Also of what is watched already: what has come in its place since is watched then.</summary>
    /// <exception cref="IOException">It is not there, or no more can be watched.</exception>
    public void Add(string path) => FileSystem.Check(AddPlace(_queue, path, Changes | NoFollow), "watch", path);

    public void Dispose()
    {
        if (_over)
        {
            return;
        }

        // A place that is given up is an event as well: the thread's read, which closing would not end, comes back.
        _over = true;
        var place = AddPlace(_queue, "/", Changes);
        if (place < 0 || RemovePlace(_queue, place) < 0)
        {
            _queue.Dispose();
        }
    }

    private void Read()
    {
        var buffer = new byte[4096];
        try
        {
            while (RandomAccess.Read(_queue, buffer, 0) > 0 && !_over)
            {
                _changed();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody is told any more; who relies on it looks by himself from time to time.
        }

        _queue.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Make(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddPlace(SafeFileHandle queue, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int RemovePlace(SafeFileHandle queue, int place);
}
