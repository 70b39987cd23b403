using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>Tells which of many files can be read or written (epoll(7)), each once for each time it is asked for.</summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Delete = 2;
    private const uint In = 1;
    private const uint Out = 4;
    private const uint OneShot = 1u << 30;

    private readonly SafeFileHandle _file;

    public Epoll()
    {
        var descriptor = Create(CloseOnExec);
        _file = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw FileSystem.LastError("make", "an epoll");
    }

    /// <param name="file">Not watched already.</param>
    /// <param name="toWrite">Until it can be written; else until it can be read, or its end.</param>
    /// <param name="key">Told when it is so.</param>
    public void Watch(SafeFileHandle file, bool toWrite, ulong key)
    {
        var wanted = new Event { Events = (toWrite ? Out : In) | OneShot, Key = key };
        FileSystem.Check(Control(_file, Add, file, &wanted), "watch", "a pipe");
    }

    public void Forget(SafeFileHandle file)
    {
        Event none = default;
        // What is not watched need not be forgotten.
        _ = Control(_file, Delete, file, &none);
    }

    /// <summary>Blocks its thread until there is one.</summary>
    /// <returns>How many of the keys are filled.</returns>
    public int Wait(Span<ulong> keys)
    {
        var events = stackalloc Event[keys.Length];
        var count = Wait(_file, events, keys.Length, -1);
        if (count < 0 && Marshal.GetLastPInvokeError() is var error && error != Errno.Interrupted)
        {
            throw FileSystem.Error(error, "wait for", "an epoll");
        }

        for (var i = 0; i < count; i++)
        {
            keys[i] = events[i].Key;
        }

        return Math.Max(0, count);
    }

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", SetLastError = true, EntryPoint = "epoll_create1")]
    private static partial int Create(int flags);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "epoll_ctl")]
    private static partial int Control(SafeFileHandle epoll, int operation, SafeFileHandle file, Event* wanted);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "epoll_wait")]
    private static partial int Wait(SafeFileHandle epoll, Event* events, int most, int timeoutMilliseconds);

    /// <summary>struct epoll_event, packed on x86-64.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Event
    {
        public uint Events;
        public ulong Key;
    }
}
