using System.Runtime.InteropServices;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Confinement;

/// <summary>
/// Gives a QEMU without a network of its own the host's sockets for the ports it is to forward, and no other: while it starts,
/// each socket(2) it makes is answered here. Once this is disposed each further call fails: by an error of this one's, and then by the kernel, as nobody
/// answers any more.
/// </summary>
internal sealed unsafe class ForwardSockets : IDisposable
{
    private const int TypeMask = 0xf;

    private const int MostTries = 200;
    private const int BetweenTries = 5; // milliseconds

    private readonly int _listener;
    private readonly int _wake;
    private readonly Lock _lock = new();
    private readonly int _atStart;
    private readonly List<PortForward> _added = [];
    private readonly List<int> _given = [];
    private bool _disposed;
    private bool _isOver;

    /// <param name="listener">Of the filter; closed by this.</param>
    /// <param name="atStart">How many sockets it gets for its command line.</param>
    public ForwardSockets(int listener, int atStart)
    {
        (_listener, _atStart) = (listener, atStart);
        _wake = DescriptorCalls.EventFd(0, DescriptorCalls.EventCloseOnExec | DescriptorCalls.EventNonBlocking);
        if (_wake < 0)
        {
            var failure = NativeError.Last("Cannot make an eventfd");
            _ = DescriptorCalls.Close(listener);
            throw failure;
        }

        new Thread(Run, 128 * 1024) { IsBackground = true, Name = "forward-sockets" }.Start();
    }

    public void Allow(PortForward forward)
    {
        lock (_lock)
        {
            _added.Add(forward);
        }
    }

    /// <summary>
    /// What is forwarded, with the ports that the kernel chose, as the sockets themselves tell: a copy of each is kept until this is disposed.
    /// QEMU carries its monitor's commands out one after the other, and each asks for one socket.
    /// </summary>
    /// <returns>
    /// Null where they do not tell it all: one is missing, or not where it was to be, or some are of the command line, which QEMU opens in an order of its own
    /// (the last one first, in 10.0).
    /// </returns>
    public IReadOnlyList<PortForward>? Bound()
    {
        lock (_lock)
        {
            if (_atStart > 0 || _given.Count != _added.Count || _disposed)
            {
                return null;
            }

            var bound = new List<PortForward>(_added.Count);
            foreach (var (asked, socket) in _added.Zip(_given))
            {
                if (DescriptorCalls.BoundTo(socket) is not { Port: not 0 } place
                    || place.Address.ToString() != asked.HostAddress || (asked.HostPort != 0 && asked.HostPort != place.Port))
                {
                    return null;
                }

                bound.Add(asked with { HostPort = place.Port });
            }

            return bound;
        }
    }

    /// <summary>From its return on no question is answered with a socket. The thread's end is not waited for: a clone is about to run.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_isOver)
            {
                CloseAll();
                return;
            }

            ulong one = 1;
            _ = DescriptorCalls.Write(_wake, &one, sizeof(ulong));
        }
    }

    /// <summary>Whoever of the two comes last: the thread, or who disposes this.</summary>
    private void CloseAll()
    {
        _ = DescriptorCalls.Close(_wake);
        _given.ForEach(socket => DescriptorCalls.Close(socket));
    }

    private void Run()
    {
        var descriptors = stackalloc DescriptorCalls.PollDescriptor[2];
        descriptors[0] = new DescriptorCalls.PollDescriptor { Fd = _listener, Events = DescriptorCalls.PollIn };
        descriptors[1] = new DescriptorCalls.PollDescriptor { Fd = _wake, Events = DescriptorCalls.PollIn };
        while (true)
        {
            if (DescriptorCalls.Poll(descriptors, 2, -1) < 0)
            {
                continue;
            }

            // Anything but a question on the first: the process is gone.
            if (descriptors[1].Returned != 0 || (descriptors[0].Returned & ~DescriptorCalls.PollIn) != 0)
            {
                break;
            }

            // It fails where the one who asked has been killed meanwhile.
            if (SeccompCalls.Receive(_listener, out var question) == 0)
            {
                Answer(question);
            }
        }

        _ = DescriptorCalls.Close(_listener);
        lock (_lock)
        {
            _isOver = true;
            if (_disposed)
            {
                CloseAll();
            }
        }
    }

    /// <summary>A flood of connections may hold the daemon's last descriptor for a moment; QEMU waits for this one and asks once.</summary>
    private int MakeSocket(int domain, int type, int protocol)
    {
        for (var tries = 0; ; tries++)
        {
            var fd = DescriptorCalls.Socket(domain, type | DescriptorCalls.SockCloseOnExec, protocol);
            if (fd >= 0 || tries == MostTries || Marshal.GetLastPInvokeError() is not (Errno.TooManyFiles or Errno.TooManyFilesInAll))
            {
                return fd;
            }

            // Until it is disposed, or for a moment: nobody tells that a descriptor is free.
            var wake = new DescriptorCalls.PollDescriptor { Fd = _wake, Events = DescriptorCalls.PollIn };
            if (DescriptorCalls.Poll(&wake, 1, BetweenTries) > 0)
            {
                return fd;
            }
        }
    }

    private void Answer(SeccompCalls.Question question)
    {
        var (domain, type, protocol) = ((int)question.First, (int)question.Second, (int)question.Third);
        if (!IsOneLeft() || domain is not (DescriptorCalls.AfInternet or DescriptorCalls.AfInternet6) || (type & TypeMask) != DescriptorCalls.SockStream)
        {
            _ = SeccompCalls.AnswerError(_listener, question.Id, Errno.NotPermitted);
            return;
        }

        var fd = MakeSocket(domain, type, protocol);
        if (fd < 0)
        {
            _ = SeccompCalls.AnswerError(_listener, question.Id, Marshal.GetLastPInvokeError());
            return;
        }

        // Before it is answered: who asks where it is bound has QEMU's word that it is. And within the lock: who disposes this meanwhile has seen it given.
        lock (_lock)
        {
            _given.Add(fd);
            var closeOnExec = (type & DescriptorCalls.SockCloseOnExec) != 0;
            if (_disposed || SeccompCalls.AnswerDescriptor(_listener, question.Id, fd, closeOnExec) < 0)
            {
                _ = SeccompCalls.AnswerError(_listener, question.Id, Errno.NotPermitted);
            }
        }
    }

    private bool IsOneLeft()
    {
        lock (_lock)
        {
            return !_disposed && _given.Count < _atStart + _added.Count;
        }
    }
}
