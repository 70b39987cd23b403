using System.Collections.Concurrent;
using System.Globalization;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Samples;
using Templating.Kubectl.Load.Schedules;

namespace Templating.Kubectl.Load.Running;

/// <summary>Runs a recipe: asks for objects as its stages say, whatever became of the ones before, and removes them all at the end, however that comes.</summary>
/// <param name="recipe">What it does.</param>
/// <param name="api">Of the cluster.</param>
/// <param name="namespaces">Where, by turns.</param>
/// <param name="run">Its id.</param>
/// <param name="operators">Followed beside it.</param>
/// <param name="ledger">Gets all that is made and seen.</param>
/// <param name="time">Of the schedule.</param>
internal sealed class LoadRun(
    Recipe recipe, LoadApi api, IReadOnlyList<string> namespaces, string run, OperatorPods operators, Ledger ledger, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _calls = new(recipe.Concurrency);
    private readonly SemaphoreSlim _alive = new(recipe.Alive);
    private readonly TaskCompletionSource _kept = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<Task> _lives = new();
    private readonly ConcurrentQueue<Task> _settled = new();
    private readonly List<string> _notes = [];
    private readonly Turns _turns = new([.. recipe.Subjects.Select(s => s.Share)]);
    private readonly HttpProbe _http = new(time);
    private int _count;

    /// <param name="cancellationToken">Breaks it off; what it made is removed all the same.</param>
    public async Task<RunResult> RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetUtcNow();
        string? fault;
        TimeSpan ended;
        IReadOnlyList<Leftover> left = [];
        try
        {
            await using var watches = new RunWatches(api, recipe, namespaces, run, ledger, time);
            fault = await ProbedAsync(watches, cancellationToken);
            ended = ledger.Now;
        }
        finally
        {
            // Also where it failed in a way that nobody thought of.
            left = await new Cleaner(api, time).CleanAsync(namespaces, LoadObjects.Selector(run), Cleaner.Limit);
        }

        var samples = ledger.Samples;
        return new RunResult
        {
            Run = run,
            Recipe = recipe,
            Namespaces = namespaces,
            Began = began,
            Seconds = ended.TotalSeconds,
            Interrupted = cancellationToken.IsCancellationRequested,
            Fault = fault,
            Left = left,
            Notes = _notes,
            Samples = samples,
            Examples = ledger.Examples,
            Pools = ledger.Pools,
            Operator = ledger.Operator,
            Calls = api.Log.Summaries,
            Verdicts = [.. recipe.Thresholds.Select(t => Verdict.Of(t, samples))],
        };
    }

    public void Dispose()
    {
        _calls.Dispose();
        _alive.Dispose();
        _http.Dispose();
    }

    /// <returns>What broke it off, other than who cancelled it.</returns>
    private async Task<string?> ProbedAsync(RunWatches watches, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource();
        var probe = new OperatorProbe(token => operators.LookAsync(() => ledger.Now, token), ledger, time);
        var probing = probe.RunAsync(end.Token);
        try
        {
            return await WatchedAsync(watches, cancellationToken);
        }
        finally
        {
            await end.CancelAsync();
            await probing;
            if (probe.Problem is { } problem)
            {
                _notes.Add($"What the operator took is not known: {problem.TrimEnd('.')}.{(probe.IsRefused ? $" {OperatorPods.Needs}" : "")}");
            }
        }
    }

    /// <returns>What broke it off, other than who cancelled it.</returns>
    private async Task<string?> WatchedAsync(RunWatches watches, CancellationToken cancellationToken)
    {
        using var blind = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var stages = StagesAsync(watches, blind.Token);
        // Without a watch nothing more is learnt of what there is.
        await Task.WhenAny(stages, watches.Ended);
        var lost = stages.IsCompleted ? null : watches.Ended.Exception?.InnerException?.Message ?? "A watch ended.";
        if (lost is not null)
        {
            await blind.CancelAsync();
        }

        try
        {
            await stages;
        }
        catch (OperationCanceledException) when (blind.IsCancellationRequested)
        {
            // The samples say how far it came.
        }
        catch (Exception e) when (Refusals.IsOfCall(e))
        {
            // A first list that failed is told to who waits for it and to who follows the watches, in no order.
            lost ??= e.Message;
        }
        finally
        {
            // However it ended: what is being created is created, and then nothing more.
            await blind.CancelAsync();
            await Task.WhenAll(_lives);
        }

        return lost;
    }

    private async Task StagesAsync(RunWatches watches, CancellationToken cancellationToken)
    {
        await watches.Synced.WaitAsync(cancellationToken);
        var begin = ledger.Now;
        for (var i = 0; i < recipe.Stages.Count; i++)
        {
            var stage = recipe.Stages[i];
            foreach (var offset in ArrivalPlan.Of(stage))
            {
                await UntilAsync(begin + offset, cancellationToken);
                await ArriveAsync(i, begin + offset, cancellationToken);
            }

            if (stage is RatchetStage ratchet)
            {
                await RatchetAsync(ratchet, i, cancellationToken);
                begin = ledger.Now;
            }

            begin += ArrivalPlan.LengthOf(stage);
            await UntilAsync(begin, cancellationToken);
        }

        await Task.WhenAll(_settled).WaitAsync(cancellationToken);
        _kept.TrySetResult();
        await Task.WhenAll(_lives).WaitAsync(cancellationToken);
    }

    private async Task RatchetAsync(RatchetStage ratchet, int stage, CancellationToken cancellationToken)
    {
        for (var step = 1; step <= ratchet.Steps; step++)
        {
            var objects = new List<Tracked>(ratchet.Step);
            for (var i = 0; i < ratchet.Step; i++)
            {
                objects.Add(await ArriveAsync(stage, ledger.Now, cancellationToken));
            }

            await Task.WhenAll(_settled).WaitAsync(cancellationToken);
            var failed = 100.0 * objects.Count(o => o.HasFailed) / ratchet.Step;
            if (failed > ratchet.Failures)
            {
                _notes.Add(string.Create(
                    CultureInfo.InvariantCulture, $"The ratchet ended at step {step} of {ratchet.Steps}: {failed:0.#} % of its {ratchet.Step} objects failed."));
                return;
            }
        }

        _notes.Add(string.Create(CultureInfo.InvariantCulture, $"The ratchet came to its last step, {ratchet.Steps}: the capacity was not reached."));
    }

    /// <summary>Asks for one object, once there is a place for it.</summary>
    private async Task<Tracked> ArriveAsync(int stage, TimeSpan offered, CancellationToken cancellationToken)
    {
        await _alive.WaitAsync(cancellationToken);
        var name = string.Create(CultureInfo.InvariantCulture, $"load-{run}-{_count}");
        var tracked = new Tracked(namespaces[_count % namespaces.Count], name, recipe.Subjects[_turns.Next()], stage);
        _count++;
        tracked.Mark(Moment.Offered, offered);
        ledger.Add(tracked);
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _settled.Enqueue(settled.Task);
        _lives.Enqueue(LiveAsync());
        return tracked;

        async Task LiveAsync()
        {
            try
            {
                await new ObjectLife(recipe, api, run, ledger, _http, _calls, _kept.Task, time).RunAsync(tracked, settled, cancellationToken);
            }
            finally
            {
                _alive.Release();
            }
        }
    }

    private async Task UntilAsync(TimeSpan at, CancellationToken cancellationToken)
    {
        var wait = at - ledger.Now;
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }
}
