namespace Templating.Core.Vms;

/// <summary>How long a start waits for the answers of many that were asked at once.</summary>
internal static class Answers
{
    /// <summary>Waits as long as answers come: a crowd has its time, and one that is silent costs the same as a thousand.</summary>
    /// <param name="asked">Each done when it has answered, well or not.</param>
    /// <param name="first">How long for the first answer.</param>
    /// <param name="next">How long for another one.</param>
    /// <param name="limit">How long in all.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Of who waits.</param>
    public static async Task WaitAsync(
        IReadOnlyCollection<Task> asked, TimeSpan first, TimeSpan next, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var all = Task.WhenAll(asked);
        var since = time.GetTimestamp();
        var silent = asked.Count;
        while (!all.IsCompleted && time.GetElapsedTime(since) < limit)
        {
            await all.WaitAsync(silent == asked.Count ? first : next, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (asked.Count(task => !task.IsCompleted) is var now && now == silent)
            {
                return;
            }

            silent = now;
        }
    }
}
