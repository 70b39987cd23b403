using System.Runtime.InteropServices;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Confinement;

/// <summary>
/// Gives a QEMU without a network of its own the host's sockets for the ports it is to forward, and no other: while it starts,
/// each socket(2) it makes is answered here. Once this is disposed nobody answers, and the kernel fails each further call.
/// </summary>
internal sealed unsafe class ForwardSockets : IDisposable
{
    private const int InterNetwork = 2;
    private const int InterNetworkV6 = 10;
    private const int StreamType = 1;
    private const int TypeMask = 0xf;

    private const int MostTries = 200;
    private const int BetweenTries = 5; // milliseconds

    private readonly int _listener;
    private readonly int _wake;
    private volatile int _most;
    private int _disposed;
    private readonly Thread _thread;

    /// <param name="listener">Of the filter; closed by this.</param>
    /// <param name="most">How many sockets it gets.</param>
    public ForwardSockets(int listener, int most)
    {
        (_listener, _most) = (listener, most);
        _wake = DescriptorCalls.EventFd(0, DescriptorCalls.EventCloseOnExec | DescriptorCalls.EventNonBlocking);
        if (_wake < 0)
        {
            var failure = NativeError.Last("Cannot make an eventfd");
            _ = DescriptorCalls.Close(listener);
            throw failure;
        }

        _thread = new Thread(Run, 128 * 1024) { IsBackground = true, Name = "forward-sockets" };
        _thread.Start();
    }

    public void AllowOneMore() => Interlocked.Increment(ref _most);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        ulong one = 1;
        _ = DescriptorCalls.Write(_wake, &one, sizeof(ulong));
        _thread.Join();
        _ = DescriptorCalls.Close(_wake);
    }

    private void Run()
    {
        var descriptors = stackalloc DescriptorCalls.PollDescriptor[2];
        descriptors[0] = new DescriptorCalls.PollDescriptor { Fd = _listener, Events = DescriptorCalls.PollIn };
        descriptors[1] = new DescriptorCalls.PollDescriptor { Fd = _wake, Events = DescriptorCalls.PollIn };
        var given = 0;
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
                given += Answer(question, given < _most) ? 1 : 0;
            }
        }

        _ = DescriptorCalls.Close(_listener);
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

    private bool Answer(SeccompCalls.Question question, bool isFree)
    {
        var (domain, type, protocol) = ((int)question.First, (int)question.Second, (int)question.Third);
        if (!isFree || domain is not (InterNetwork or InterNetworkV6) || (type & TypeMask) != StreamType)
        {
            _ = SeccompCalls.AnswerError(_listener, question.Id, Errno.NotPermitted);
            return false;
        }

        var fd = MakeSocket(domain, type, protocol);
        if (fd < 0)
        {
            _ = SeccompCalls.AnswerError(_listener, question.Id, Marshal.GetLastPInvokeError());
            return false;
        }

        var closeOnExec = (type & DescriptorCalls.SockCloseOnExec) != 0;
        if (SeccompCalls.AnswerDescriptor(_listener, question.Id, fd, closeOnExec) < 0)
        {
            _ = SeccompCalls.AnswerError(_listener, question.Id, Errno.NotPermitted);
        }

        _ = DescriptorCalls.Close(fd);
        return true;
    }
}
