using System.Threading.Channels;
using Templating.Core.Errors;

namespace Templating.Qemu.Qmp;

/// <summary>The events wanted of a monitor since the subscription was made.</summary>
internal sealed class QmpSubscription(ChannelReader<QmpEvent> events, Action unsubscribe) : IDisposable
{
    /// <exception cref="TemplatingException">QmpFailed, when the monitor ends before.</exception>
    public async Task<QmpEvent> FirstAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await events.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new TemplatingException(ErrorCode.QmpFailed,
                e.InnerException?.Message ?? "QEMU's monitor closed the connection.", e);
        }
    }

    public void Dispose() => unsubscribe();
}
