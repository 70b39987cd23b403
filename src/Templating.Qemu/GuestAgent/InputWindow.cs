using Templating.Core.Errors;

namespace Templating.Qemu.GuestAgent;

/// <summary>How much input of a command may be on its way that the command has not taken.</summary>
internal sealed class InputWindow
{
    /// <summary>As docs/guest-protocol.md has it; the guest keeps a buffer of that size for each command.</summary>
    public const int Bytes = 65_536;

    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _untaken;
    private TemplatingException? _fault;

    /// <summary>Waits until that many bytes may be sent.</summary>
    public async Task ReserveAsync(int bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_fault is not null)
                {
                    throw new TemplatingException(_fault.Code, _fault.Message, _fault);
                }

                if (_untaken + bytes <= Bytes)
                {
                    _untaken += bytes;
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public void Took(uint bytes)
    {
        lock (_lock)
        {
            if (bytes > _untaken)
            {
                throw new TemplatingException(ErrorCode.GuestAgentFailed,
                    $"The guest's agent says it took {bytes} bytes of input, but only {_untaken} were on the way.");
            }

            _untaken -= (int)bytes;
        }

        Signal();
    }

    public void Fail(TemplatingException fault)
    {
        lock (_lock)
        {
            _fault = fault;
        }

        Signal();
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }
}
