using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Templating.Core.Errors;

namespace Templating.Core.Diagnostics;

/// <summary>Tells many readers of changes. A reader that does not keep up is told so and ended; it never holds the writer.</summary>
public sealed class Broadcaster<T>
{
    // More than the largest list call returns at once, so that a reader still sending its first list is not cut off.
    private const int Backlog = 4096;

    private readonly Lock _lock = new();
    private readonly HashSet<Channel<T>> _readers = [];

    public void Publish(T item)
    {
        lock (_lock)
        {
            foreach (var reader in _readers.Where(r => !r.Writer.TryWrite(item)).ToArray())
            {
                _readers.Remove(reader);
                reader.Writer.Complete(new TemplatingException(
                    ErrorCode.WatchTooSlow,
                    $"The watcher fell more than {Backlog} changes behind and missed some. List again and watch anew."));
            }
        }
    }

    /// <summary>The subscription starts with the call, not with the first read.</summary>
    public IAsyncEnumerable<T> SubscribeAsync(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<T>(new BoundedChannelOptions(Backlog) { SingleReader = true });
        lock (_lock)
        {
            _readers.Add(channel);
        }

        return ReadAsync(channel, cancellationToken);
    }

    private async IAsyncEnumerable<T> ReadAsync(Channel<T> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            lock (_lock)
            {
                _readers.Remove(channel);
            }
        }
    }
}
