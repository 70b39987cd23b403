using Templating.OwnerPort.Requests;

namespace Templating.OwnerPort.Conversations;

/// <summary>How long the guest is waited for. Each time is more than nothing and at most a day.</summary>
public sealed record OwnerPortOptions
{
    /// <summary>For the answer to a request, or for the start of a process. What a device is waited for comes on top.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// For the WELCOME, of each connection in turn; 1 to 16 of them. A guest that is silent may be in the middle of a frame that a predecessor left half
    /// sent, or QEMU may wait for a predecessor that went without having read: it lets go of that one when it sees a host go once more.
    /// </summary>
    public IReadOnlyList<TimeSpan> GreetingTimeouts { get; init; } = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60)];

    /// <summary>The clock of all of it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal OwnerPortOptions Checked()
    {
        const int MostGreetings = 16;
        var times = GreetingTimeouts;
        if (times is not { Count: > 0 and <= MostGreetings })
        {
            throw Checks.Wrong($"Found {times?.Count ?? 0} times, expected 1 to {MostGreetings}.", nameof(GreetingTimeouts));
        }

        return this with { GreetingTimeouts = [.. times.Select(time => Time(time, nameof(GreetingTimeouts)))], RequestTimeout = Time(RequestTimeout, nameof(RequestTimeout)) };
    }

    private static TimeSpan Time(TimeSpan time, string parameter) => time > TimeSpan.Zero && time <= TimeSpan.FromDays(1)
        ? time
        : throw Checks.Wrong($"Found {time.TotalSeconds:0.###} s, expected more than 0 and at most a day.", parameter);
}
