using System.Security.Cryptography;

namespace Templating.Kubernetes.Calls;

/// <summary>Delays that double from a first to a longest, each shortened by up to half so that many do not come back at once.</summary>
public sealed record Backoff(TimeSpan First, TimeSpan Longest)
{
    private const int Steps = 1 << 16;

    /// <param name="failures">So far, from 1.</param>
    public TimeSpan Delay(int failures)
    {
        var doublings = Math.Clamp(failures - 1, 0, 30);
        var full = Math.Min(First.TotalMilliseconds * Math.Pow(2, doublings), Longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.5 + (0.5 * RandomNumberGenerator.GetInt32(Steps) / Steps)));
    }
}
