using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Processes;

/// <summary>How much input of a process may be on the way that it has not taken.</summary>
internal sealed class InputRoom(int window)
{
    private readonly Lock _lock = new();
    private int _untaken;
    private bool _over;
    private OwnerPortException? _fault;
    private TaskCompletionSource? _news;

    /// <summary>Waits for room, by one caller at a time.</summary>
    /// <returns>How much of it the caller has now; 0 when the process has ended.</returns>
    public async Task<int> TakeAsync(int most, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_fault is not null)
                {
                    throw new OwnerPortException(_fault.Message, _fault);
                }

                var room = _over ? 0 : Math.Min(most, window - _untaken);
                if (_over || room > 0)
                {
                    _untaken += room;
                    return room;
                }

                _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                news = _news.Task;
            }

            await news.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What was not sent after all.</summary>
    public void GiveBack(int bytes)
    {
        lock (_lock)
        {
            _untaken -= bytes;
        }
    }

    /// <exception cref="OwnerPortException">It was not sent.</exception>
    public void Taken(uint bytes)
    {
        lock (_lock)
        {
            if (bytes == 0 || bytes > _untaken)
            {
                throw new OwnerPortException($"The guest says it took {bytes} bytes of input; {_untaken} were on the way.");
            }

            _untaken -= (int)bytes;
        }

        Tell();
    }

    public void Complete(OwnerPortException? fault)
    {
        lock (_lock)
        {
            (_over, _fault) = (true, _over ? _fault : fault);
        }

        Tell();
    }

    private void Tell()
    {
        TaskCompletionSource? news;
        lock (_lock)
        {
            (news, _news) = (_news, null);
        }

        news?.TrySetResult();
    }
}
