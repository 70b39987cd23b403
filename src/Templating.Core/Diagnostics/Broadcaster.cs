using System.Runtime.CompilerServices;
using Templating.Core.Errors;

namespace Templating.Core.Diagnostics;

/// <summary>Tells many readers of changes. A reader that does not keep up is told so and ended; it never holds the writer.</summary>
/// <param name="merging">How what waits for a slow reader is kept small; null where each item counts.</param>
public sealed class Broadcaster<T>(Merging<T>? merging = null)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Backlog<T>> _readers = [];

    public void Publish(T item)
    {
        lock (_lock)
        {
            foreach (var reader in _readers.Where(r => !r.TryAdd(item)).ToArray())
            {
                _readers.Remove(reader);
                reader.Fail(new TemplatingException(
                    ErrorCode.WatchTooSlow,
                    $"The watcher fell more than {Backlog<T>.MaxItems} changes or {Backlog<T>.MaxBytes >> 20} MiB behind and missed some. "
                    + "List again and watch anew."));
            }
        }
    }

    /// <summary>The subscription starts with the call, not with the first read.</summary>
    public IAsyncEnumerable<T> SubscribeAsync(CancellationToken cancellationToken)
    {
        var backlog = new Backlog<T>(merging);
        lock (_lock)
        {
            _readers.Add(backlog);
        }

        return ReadAsync(backlog, cancellationToken);
    }

    private async IAsyncEnumerable<T> ReadAsync(Backlog<T> backlog, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            do
            {
                while (backlog.TryTake(out var item))
                {
                    yield return item;
                }
            }
            while (await backlog.WaitAsync(cancellationToken));
        }
        finally
        {
            lock (_lock)
            {
                _readers.Remove(backlog);
            }
        }
    }
}
