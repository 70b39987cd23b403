namespace Templating.Node.Admission;

/// <summary>Whether a line about what callers do is due: who can cause them without end gets one in ten seconds.</summary>
internal sealed class LimitLog(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long? _last;

    public bool IsDue()
    {
        lock (_lock)
        {
            if (_last is { } last && time.GetElapsedTime(last) < Interval)
            {
                return false;
            }

            _last = time.GetTimestamp();
            return true;
        }
    }
}
