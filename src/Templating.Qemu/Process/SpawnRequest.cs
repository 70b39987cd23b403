namespace Templating.Qemu.Process;

/// <summary>A program to start in a session of its own, so that it outlives the daemon.</summary>
internal sealed record SpawnRequest
{
    /// <summary>Absolute path of the program and its arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>A file that takes standard output and error, where <see cref="Output"/> does not.</summary>
    public string? OutputPath { get; init; }

    /// <summary>A descriptor that takes them; it stays the caller's.</summary>
    public int? Output { get; init; }

    /// <summary>Descriptors the program gets as 3, 4, ...; it gets no other.</summary>
    public IReadOnlyList<int> Descriptors { get; init; } = [];

    /// <summary>Started by a thread that lives as long as this process: the kernel's signal at a parent's death means the thread.</summary>
    public bool ByLastingThread { get; init; }

    /// <summary>
    /// What the starting thread, and so the program, is put into and gives up first; null: it starts where and as what the daemon is. Its
    /// limits are set by that thread right after the start then, before anybody speaks to it.
    /// </summary>
    public Action? Confine { get; init; }

    /// <summary>RLIMIT_FSIZE in bytes: how large a file it may write. Its core dump is always forbidden.</summary>
    public required long MaxFileBytes { get; init; }
}
