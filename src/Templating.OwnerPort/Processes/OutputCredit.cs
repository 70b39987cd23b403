using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Processes;

/// <summary>
/// What a process may have of output on the way: both of its outputs have one window. Credit is given in quarters of it, for a
/// process that waits for some has more than that in its reader's hands.
/// </summary>
internal sealed class OutputCredit(IFrameSender port, int window)
{
    private readonly Lock _lock = new();
    private readonly int _step = window / 4;
    private int _untaken;
    private int _owed;
    private bool _sending;
    private bool _over;

    public uint Stream { get; set; }

    /// <exception cref="OwnerPortException">It is more than the guest may have on the way.</exception>
    public void Came(int bytes)
    {
        lock (_lock)
        {
            _untaken += bytes;
            if (_untaken > window)
            {
                throw new OwnerPortException($"The guest sent {_untaken} bytes of output without credit; at most {window} are allowed.");
            }
        }
    }

    public void Taken(int bytes)
    {
        lock (_lock)
        {
            _owed += bytes;
            if (_sending || _over || _owed < _step)
            {
                return;
            }

            _sending = true;
        }

        _ = SendAsync();
    }

    /// <summary>Nobody waits for credit any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _over = true;
        }
    }

    /// <summary>One at a time: while a guest does not read, what its reader takes adds up to one number.</summary>
    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                int bytes;
                lock (_lock)
                {
                    if (_over || _owed < _step)
                    {
                        _sending = false;
                        return;
                    }

                    (bytes, _owed) = (_owed, 0);
                    // Before it is sent, for the guest may use it before we know that it was.
                    _untaken -= bytes;
                }

                await await port.BeginSendAsync(new FrameBuilder(FrameType.Credit).U32((uint)bytes).Build(Stream), CancellationToken.None);
            }
        }
        catch (OwnerPortException)
        {
            // Whoever reads is told so.
        }
    }
}
