namespace Templating.Shim.Pods;

/// <summary>Work of which each part is for nothing where another one fails.</summary>
internal static class SideBySide
{
    /// <summary>Begins all parts, and ends when all have. The first failure cancels the others, and is the one that is thrown.</summary>
    public static async Task RunAsync(CancellationToken cancellationToken, params Func<CancellationToken, Task>[] parts)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task? failed = null;
        await Task.WhenAll(Array.ConvertAll(parts, RunPartAsync));
        await (failed ?? Task.CompletedTask);

        async Task RunPartAsync(Func<CancellationToken, Task> part)
        {
            var running = part(over.Token);
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!running.IsCompletedSuccessfully && Interlocked.CompareExchange(ref failed, running, null) is null)
            {
                await over.CancelAsync();
            }
        }
    }
}
