using System.Threading.Channels;
using Templating.Core.Errors;

namespace Templating.Qemu.Qmp;

/// <summary>The events of a monitor since the subscription was made.</summary>
internal sealed class QmpSubscription(ChannelReader<QmpEvent> events, Action unsubscribe) : IDisposable
{
    /// <exception cref="TemplatingException">QmpFailed, when the monitor ends before.</exception>
    public async Task<QmpEvent> FirstAsync(Func<QmpEvent, bool> wanted, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var next = await events.ReadAsync(cancellationToken);
                if (wanted(next))
                {
                    return next;
                }
            }
        }
        catch (ChannelClosedException e)
        {
            throw new TemplatingException(ErrorCode.QmpFailed,
                e.InnerException?.Message ?? "QEMU's monitor closed the connection.", e);
        }
    }

    public void Dispose() => unsubscribe();
}
