using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Conversations;

/// <summary>
/// Frames to the guest, whole and one after the other, in the order in which they were given. Each waits in its caller's hands: what a
/// guest that does not read costs is what callers put up with.
/// </summary>
/// <param name="port">Where they go.</param>
/// <param name="end">Ends the conversation.</param>
/// <param name="isOver">When it has ended.</param>
internal sealed class Outbox(Stream port, Action<OwnerPortException> end, CancellationToken isOver) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Waits for its turn. Cancelled before, nothing is sent.</summary>
    /// <returns>Its sending, which never fails: it ends the conversation. Null where that is over.</returns>
    public async Task<Task?> BeginAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        await TakeTurnAsync(cancellationToken) ? SendAsync(frame) : null;

    /// <summary>When the conversation is over: waits until the last sender has gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync(CancellationToken.None);
        _turn.Dispose();
    }

    private async Task<bool> TakeTurnAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, isOver);
        try
        {
            await _turn.WaitAsync(either.Token);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && isOver.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            await port.WriteAsync(frame, isOver);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            end(new OwnerPortException($"The port broke: {e.Message}", e));
        }
        finally
        {
            _turn.Release();
        }
    }
}
