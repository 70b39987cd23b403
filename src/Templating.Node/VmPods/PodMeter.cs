using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.V1;

namespace Templating.Node.VmPods;

/// <summary>
/// Counts what one VM pod tells of its VM's life, as the daemon counts its own clones. What a pod says is its tenant's word:
/// only known phases count, each once, and none longer than the pod is there.
/// </summary>
/// <param name="metrics">Where it is counted.</param>
/// <param name="publishedAt">When its volume came.</param>
/// <param name="isKnown">Whether it was there before this daemon, which then may have counted what it says first.</param>
/// <param name="time">The clock.</param>
internal sealed class PodMeter(TemplatingMetrics metrics, DateTimeOffset publishedAt, bool isKnown, TimeProvider time)
{
    /// <summary>As a VM pod's process goes through them (docs/telemetry.md).</summary>
    private static readonly string[] Phases = ["qemu_start", "restore", "resume", "identity"];

    private readonly HashSet<string> _counted = new(StringComparer.Ordinal);
    private bool _isBaseline = isKnown;
    private bool _waited;
    private bool _wasReady;
    private bool _isOver;
    private TimeSpan _start;

    /// <summary>A process of the pod is there, which may not be its first.</summary>
    public void Begin()
    {
        _counted.Clear();
        (_waited, _wasReady, _isOver, _start) = (false, false, false, TimeSpan.Zero);
    }

    public void See(PodStatus status)
    {
        var counted = _isBaseline ? null : metrics;
        _isBaseline = false;
        if (_isOver)
        {
            return;
        }

        SeePhases(status, counted);
        if (status.State == PodState.Waiting)
        {
            // Its start, as a caller sees it, begins with the activation.
            (_waited, _start) = (true, TimeSpan.Zero);
        }
        else if (status.State == PodState.Ready && !_wasReady)
        {
            _wasReady = true;
            counted?.CloneStart(VmOwner.Pod, _waited, _start, ok: true);
        }
        else if (status.State is PodState.Stopped or PodState.Failed)
        {
            _isOver = true;
            SeeEnd(status.State == PodState.Failed ? ErrorReasons.Find(status.Failure) ?? ErrorCode.QemuExited : null, counted);
        }
    }

    private void SeePhases(PodStatus status, TemplatingMetrics? counted)
    {
        var longest = time.GetUtcNow() - publishedAt;
        foreach (var phase in status.Phases.Where(phase => Phases.Contains(phase.Name, StringComparer.Ordinal) && _counted.Add(phase.Name)))
        {
            var took = phase.Duration?.ToTimeSpan() ?? TimeSpan.Zero;
            took = took <= longest ? took : longest;
            _start += took;
            // Nothing comes after a phase that failed.
            counted?.ClonePhase(VmOwner.Pod, phase.Name, took, ok: status.State != PodState.Failed || !ReferenceEquals(phase, status.Phases[^1]));
        }
    }

    private void SeeEnd(ErrorCode? failure, TemplatingMetrics? counted)
    {
        var wasStarting = !_waited || _counted.Contains("resume");
        if (failure is { } code && !_wasReady && wasStarting)
        {
            counted?.CloneStart(VmOwner.Pod, _waited, _start, ok: false);
            if (!_waited)
            {
                // Who activates one that waited is told, and counted where that is asked.
                counted?.Refused(code);
            }
        }

        // A start that failed is no end, unless its VM was there to be had.
        if (_wasReady || _waited)
        {
            counted?.CloneEnded(VmOwner.Pod, failure);
        }
    }
}
