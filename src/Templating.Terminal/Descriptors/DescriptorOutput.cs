using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Terminal.Descriptors;

/// <summary>
/// A file descriptor written as it is. A write that fails throws nothing, since what prints may be a thread of a library's,
/// where an exception would end the process: it is told to the one who asked, who ends the command, and what follows is
/// dropped. A write that waits for its reader can be cancelled; it goes on waiting on a pool thread that ends with the process.
/// </summary>
internal sealed class DescriptorOutput(SafeFileHandle handle, Action<int> failed) : DescriptorStream
{
    private const int Forever = -1;

    /// <summary>Nothing that is written later can arrive; a full disk may have room again.</summary>
    private volatile bool _gone;

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty && !_gone)
        {
            var count = handle.IsInvalid ? -1 : LibC.Write(handle, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (count >= 0)
            {
                buffer = buffer[(int)count..];
                continue;
            }

            var error = handle.IsInvalid ? LibC.BadDescriptor : Marshal.GetLastPInvokeError();
            if (error == LibC.WouldBlock)
            {
                Wait(handle, LibC.Writable);
            }
            else if (error != LibC.Interrupted)
            {
                Fail(error);
                return;
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await Task.Run(() => Write(buffer.Span), cancellationToken).WaitAsync(cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Also notices a reader that goes while there is nothing to write: for what has no other purpose than to be read. A pipe
    /// without a reader is in error at once (pipe(7), poll(2)), whatever is asked for.
    /// </summary>
    public void WatchReader()
    {
        if (handle.IsInvalid)
        {
            return;
        }

        new Thread(Watch) { IsBackground = true, Name = "reader of standard output" }.Start();

        void Watch()
        {
            var target = new LibC.PollTarget { Descriptor = (int)handle.DangerousGetHandle() };
            while (LibC.Poll(ref target, 1, Forever) < 0 && Marshal.GetLastPInvokeError() == LibC.Interrupted)
            {
            }

            if ((target.Found & (LibC.Failed | LibC.HungUp)) != 0)
            {
                Fail(LibC.BrokenPipe);
            }
        }
    }

    private void Fail(int error)
    {
        _gone |= error is LibC.BrokenPipe or LibC.BadDescriptor;
        failed(error);
    }
}
