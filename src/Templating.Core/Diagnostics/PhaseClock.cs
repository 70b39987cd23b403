using System.Diagnostics;
using Templating.Core.Errors;

namespace Templating.Core.Diagnostics;

/// <summary>Runs the steps of an operation: a span, a measurement and, when it fails, the step's name for each.</summary>
internal sealed class PhaseClock(TimeProvider time, string operation, Action<string, TimeSpan, bool> record)
{
    private readonly List<Phase> _phases = [];
    private readonly long _start = time.GetTimestamp();

    public IReadOnlyList<Phase> Phases => _phases.ToArray();

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    public async Task RunAsync(string phase, Func<Task> step) =>
        await RunAsync(phase, async () =>
        {
            await step();
            return true;
        });

    public async Task<T> RunAsync<T>(string phase, Func<Task<T>> step)
    {
        using var span = TemplatingTelemetry.Source.StartActivity($"{operation}.{phase}");
        var start = time.GetTimestamp();
        var ok = false;
        try
        {
            var result = await step();
            ok = true;
            return result;
        }
        catch (TemplatingException e)
        {
            span?.SetStatus(ActivityStatusCode.Error, ErrorReasons.Of(e.Code));
            throw e.InStep(phase);
        }
        finally
        {
            var took = time.GetElapsedTime(start);
            _phases.Add(new Phase(phase, took));
            record(phase, took, ok);
        }
    }
}
