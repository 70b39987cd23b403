namespace Templating.Testing;

/// <summary>
/// Waits for what others do in their own time and nobody announces, by looking again and again. The limit is for a slow
/// machine; only a broken test reaches it, and then it throws.
/// </summary>
public static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <param name="condition">What is waited for.</param>
    /// <param name="what">The same in words, for the failure.</param>
    /// <param name="limit">Null for <see cref="Limit"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="TimeoutException">It was not so within the limit.</exception>
    public static Task UntilAsync(Func<bool> condition, string what, TimeSpan? limit = null, CancellationToken cancellationToken = default) =>
        UntilAsync(() => Task.FromResult(condition()), what, limit, cancellationToken);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string, TimeSpan?, CancellationToken)"/>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null, CancellationToken cancellationToken = default) =>
        await SeeAsync(async () => await condition() ? what : null, _ => true, what, limit, cancellationToken: cancellationToken);

    /// <param name="look">What is; null where it is not there.</param>
    /// <param name="isSo">Whether that is what was waited for.</param>
    /// <param name="what">The same in words, for the failure.</param>
    /// <param name="limit">Null for <see cref="Limit"/>.</param>
    /// <param name="interval">Null for a fiftieth of a second; longer where a look costs.</param>
    /// <param name="explain">Adds to the failure what was seen last; null for nothing.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="TimeoutException">It was not so within the limit.</exception>
    public static async Task<T> SeeAsync<T>(
        Func<Task<T?>> look, Func<T, bool> isSo, string what, TimeSpan? limit = null, TimeSpan? interval = null, Func<T?, Task<string>>? explain = null,
        CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(look);
        ArgumentNullException.ThrowIfNull(isSo);
        var most = limit ?? Limit;
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await look();
            if (seen is not null && isSo(seen))
            {
                return seen;
            }

            if (TimeProvider.System.GetElapsedTime(began) > most)
            {
                throw new TimeoutException($"Not within {most}: {what}.{(explain is null ? "" : "\n" + await explain(seen))}");
            }

            await Task.Delay(interval ?? Interval, TimeProvider.System, cancellationToken);
        }
    }
}
