using System.Net;
using k8s.Autorest;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Running;

/// <summary>Follows what the operator takes while a run goes on. A run does not need it: where it cannot be had, it is said why.</summary>
/// <param name="look">At the operator that leads; null where none leads just now.</param>
/// <param name="ledger">Gets what was seen.</param>
/// <param name="time">Of the looks.</param>
internal sealed class OperatorProbe(Func<CancellationToken, Task<OperatorLevel?>> look, Ledger ledger, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private string? _problem;

    /// <summary>Why there is nothing to be shown; null where there is.</summary>
    public string? Problem => ledger.Operator.Count > 1 ? null : _problem ?? "The run was too short to look at it twice.";

    /// <summary>It is not there, or may not be asked: what is needed for that is to be told, too.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Until it is cancelled, and once more then; or until it is known that nothing will come of it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await LookAsync(cancellationToken))
            {
                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await LastAsync();
        }
    }

    private async Task LastAsync()
    {
        using var limit = new CancellationTokenSource(Every, time);
        try
        {
            await LookAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // Whoever broke the run off does not wait for it.
        }
    }

    /// <returns>Whether to look again.</returns>
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await look(cancellationToken) is { } level)
            {
                ledger.Add(level);
            }
            else
            {
                _problem = "None of its pods led.";
            }

            return true;
        }
        catch (Exception e) when (e is PluginException || Refusals.IsOfCall(e))
        {
            _problem = e.Message;
            IsRefused = e is PluginException or HttpOperationException { Response.StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized };
            // Whom it is refused, or where there is no operator, it would be the same each time.
            return ledger.Operator.Count > 0 || !IsRefused;
        }
    }
}
