using k8s.Autorest;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Running;

/// <summary>One object from its create call until it is gone.</summary>
/// <param name="kept">Ends when what has no lifetime may go.</param>
internal sealed class ObjectLife(Recipe recipe, LoadApi api, string run, Ledger ledger, HttpProbe http, SemaphoreSlim calls, Task kept, TimeProvider time)
{
    /// <summary>For what was deleted to be gone, before its place is given to another.</summary>
    private static readonly TimeSpan GoneLimit = TimeSpan.FromMinutes(2);

    /// <param name="tracked">Already in the ledger: the watch may be faster than the call's answer.</param>
    /// <param name="settled">Ended when it is usable, or never will be.</param>
    /// <param name="cancellationToken">Leaves it as it is.</param>
    public async Task RunAsync(Tracked tracked, TaskCompletionSource settled, CancellationToken cancellationToken)
    {
        try
        {
            if (!await CreateAsync(tracked, cancellationToken))
            {
                return;
            }

            await UsableAsync(tracked, cancellationToken);
            settled.TrySetResult();
            if (!tracked.HasFailed)
            {
                await (recipe.Lifetime is { } lifetime ? Task.Delay(lifetime, time, cancellationToken) : kept.WaitAsync(cancellationToken));
            }

            await DeleteAsync(tracked, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run's end removes it, with all others.
        }
        finally
        {
            settled.TrySetResult();
        }
    }

    /// <returns>Whether it may be there.</returns>
    private async Task<bool> CreateAsync(Tracked tracked, CancellationToken cancellationToken)
    {
        await calls.WaitAsync(cancellationToken);
        try
        {
            tracked.Mark(Moment.Created, ledger.Now);
            await (tracked.Subject.IsPod
                ? api.CreateAsync(LoadKind.Pods, tracked.Namespace, LoadObjects.Pod(tracked.Subject, tracked.Name, run))
                : api.CreateAsync(LoadKind.Clones, tracked.Namespace, LoadObjects.Clone(tracked.Subject, tracked.Name, run, recipe.Http)));
            tracked.Mark(Moment.Accepted, ledger.Now);
            return true;
        }
        catch (HttpOperationException e)
        {
            var reason = $"create: {Refusals.ReasonOf(e)}";
            ledger.Explain(reason, Refusals.MessageOf(e));
            tracked.Fail(reason);
            return false;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            tracked.Fail("create: no answer");
            return true;
        }
        finally
        {
            calls.Release();
        }
    }

    private async Task UsableAsync(Tracked tracked, CancellationToken cancellationToken)
    {
        var rest = recipe.Timeout - (ledger.Now - tracked.TimeOf(Moment.Created)!.Value);
        using var late = new CancellationTokenSource(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await tracked.Settled.WaitAsync(either.Token);
            if (tracked.HasFailed)
            {
                return;
            }

            if (recipe.Http is { } goal)
            {
                if (tracked.Ip is not { } ip)
                {
                    tracked.Fail("no IP");
                    return;
                }

                await http.AnswersAsync(ip, goal, either.Token);
            }

            // Its create call may have taken longer than it had.
            either.Token.ThrowIfCancellationRequested();
            tracked.Mark(Moment.Usable, ledger.Now);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            tracked.Fail(
                !tracked.Has(Moment.Ready) ? $"not ready in time: {tracked.Hint ?? "nothing said"}"
                : recipe.Http is null ? "create: answered too late" : "no HTTP answer in time");
        }
    }

    private async Task DeleteAsync(Tracked tracked, CancellationToken cancellationToken)
    {
        await calls.WaitAsync(cancellationToken);
        try
        {
            tracked.Mark(Moment.Deleted, ledger.Now);
            if (!await api.DeleteAsync(tracked.Subject.IsPod ? LoadKind.Pods : LoadKind.Clones, tracked.Namespace, tracked.Name))
            {
                tracked.SeeGone(ledger.Now);
            }
        }
        catch (Exception e) when (Refusals.IsOfCall(e))
        {
            // It is counted among the calls, and the run's end tries again and tells.
            return;
        }
        finally
        {
            calls.Release();
        }

        try
        {
            await tracked.Gone.WaitAsync(GoneLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Its place is given away; the run's end waits for it once more and tells.
        }
    }
}
