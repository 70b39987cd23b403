namespace Templating.OwnerPort.Conversations;

/// <summary>How long the guest is waited for.</summary>
public sealed record OwnerPortOptions
{
    /// <summary>For the answer to a request, or for the start of a process. What a device is waited for comes on top.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// For the WELCOME, of each connection in turn. A guest that is silent may be in the middle of a frame that a predecessor left half
    /// sent, or QEMU may wait for a predecessor that went without having read: it lets go of that one when it sees a host go once more.
    /// </summary>
    public IReadOnlyList<TimeSpan> GreetingTimeouts { get; init; } = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60)];

    /// <summary>The clock of all of it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
