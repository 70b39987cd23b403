using Grpc.Core;
using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Node.Mapping;

namespace Templating.Node.Services;

/// <summary>
/// A watch: what exists as ADDED, then SYNCED, then every change. Nothing in between is missed. For a watcher that
/// reads slowly the manager holds back each object's latest state, so many bytes of them, and ends it with WatchTooSlow beyond.
/// </summary>
internal static class Watch
{
    private static readonly TimeSpan SendLimit = TimeSpan.FromMinutes(1);

    /// <summary>Of what is under a parent and the caller may see, until the caller goes or the node stops.</summary>
    /// <param name="tenantOf">Whose an object is; null where nobody is told of it.</param>
    public static async Task ServeAsync<T>(
        CallLifetime lifetime, ServerCallContext context, string parent, Func<CancellationToken, IAsyncEnumerable<Change<T>>> subscribe,
        Func<string?, IReadOnlyList<T>> list, Func<T, string> keyOf, Func<T, string?> tenantOf, Func<V1.ChangeType, T?, CancellationToken, Task> send)
        where T : class
    {
        var faults = new Faults();
        var caller = context.Caller();
        var tenant = NameReader.Parent(parent, caller, faults);
        faults.ThrowIfAny();
        using var until = lifetime.Until(context);
        await RunAsync(
            subscribe, () => list(tenant), keyOf,
            item => tenantOf(item) is { } owner && NameReader.IsUnder(tenant, owner) && caller.Tenants.Contains(owner),
            (type, item) => SendAsync(cancelled => send(type, item, cancelled), until.Token), until.Token);
    }

    /// <summary>Who does not read holds what it was about to be told, and is not waited for without end.</summary>
    private static async Task SendAsync(Func<CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SendLimit);
        try
        {
            await send(limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TemplatingException(
                ErrorCode.WatchTooSlow, $"The watcher took nothing for {SendLimit.TotalSeconds:0} s. List again and watch anew.", e);
        }
    }

    /// <param name="subscribe">The manager's changes; begins with the call.</param>
    /// <param name="list">What exists now.</param>
    /// <param name="keyOf">Identity of an object.</param>
    /// <param name="sees">Whether this watcher may see an object.</param>
    /// <param name="send">Null item for SYNCED.</param>
    /// <param name="cancellationToken">Ends the watch; it never ends by itself otherwise.</param>
    public static async Task RunAsync<T>(
        Func<CancellationToken, IAsyncEnumerable<Change<T>>> subscribe, Func<IReadOnlyList<T>> list, Func<T, string> keyOf,
        Func<T, bool> sees, Func<V1.ChangeType, T?, Task> send, CancellationToken cancellationToken)
        where T : class
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var changes = subscribe(ended.Token).GetAsyncEnumerator(ended.Token);
        // Begun before the list is taken, so that a subscription never lies unread should sending the list fail.
        var next = changes.MoveNextAsync().AsTask();
        try
        {
            var known = new HashSet<string>(StringComparer.Ordinal);
            foreach (var item in list().Where(sees))
            {
                known.Add(keyOf(item));
                await send(V1.ChangeType.Added, item);
            }

            await send(V1.ChangeType.Synced, null);
            while (await next)
            {
                var change = changes.Current;
                if (sees(change.Item) && Judge(change, keyOf(change.Item), known) is { } type)
                {
                    await send(type, change.Item);
                }

                next = changes.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An enumerator must not be disposed while it is asked for more.
            await ended.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>A change from before the list may tell what the list told already: each object is ADDED once, DELETED once.</summary>
    private static V1.ChangeType? Judge<T>(Change<T> change, string key, HashSet<string> known) => change.Kind switch
    {
        ChangeKind.Deleted => known.Remove(key) ? V1.ChangeType.Deleted : null,
        _ => known.Add(key) ? V1.ChangeType.Added : V1.ChangeType.Modified,
    };
}
