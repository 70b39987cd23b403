namespace Templating.Core.Machines;

/// <summary>What runs in the VM, seen through its agents. Treated as hostile: every answer has a size and a time limit.</summary>
public interface IGuest
{
    /// <summary>
    /// Waits until an agent answers: templating-guest where the guest has it, else qemu-guest-agent. Which of them answers first does not
    /// matter: the better one has a bounded time to come.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">GuestStopped, GuestNotSuitable, GuestNotReady when cancelled by its deadline.</exception>
    Task<GuestAgentKind> WaitReadyAsync(TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>
    /// The last look before a template is frozen, when all that is to run in it has: takes the better agent where it has come meanwhile,
    /// and tries of the other what clones will ask of it.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">GuestNotSuitable, GuestStopped, GuestNotReady.</exception>
    Task<GuestAgentKind> SettleAsync(CancellationToken cancellationToken);

    /// <summary>Tells which agent the guest has, known from the template, so that a clone need not find out.</summary>
    void Expect(GuestAgentKind kind);

    /// <summary>Makes the guest itself; returns what the guest says it has become, checked against what was asked.</summary>
    /// <exception cref="Errors.TemplatingException">IdentityNotConfirmed, GuestAgentFailed.</exception>
    Task<IdentityConfirmation> IdentifyAsync(GuestIdentity identity, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a program in the guest. Yields its output as it comes and, last, its <see cref="ExecExited"/>.
    /// Cancelling kills it. <paramref name="input"/> null means that nothing comes for it.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">GuestAgentFailed, InvalidArgument when it cannot be started.</exception>
    IAsyncEnumerable<ExecOutput> ExecAsync(
        GuestCommand command, IAsyncEnumerable<ExecInput>? input, CancellationToken cancellationToken);
}

public enum GuestAgentKind
{
    /// <summary>templating-guest: one round trip, streamed output.</summary>
    Templating,

    /// <summary>qemu-guest-agent: any Linux; identity by a script, output at the end.</summary>
    Qemu,
}

/// <summary>What makes a clone itself inside the guest.</summary>
public sealed record GuestIdentity
{
    public required string Id { get; init; }

    public required string Hostname { get; init; }

    /// <summary>32 lower-case hex digits, machine-id(5).</summary>
    public required string MachineId { get; init; }

    /// <summary>The wall clock to set: sampled as late as possible.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>32 random bytes for the guest's kernel.</summary>
    public required ReadOnlyMemory<byte> Seed { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>At most 64 KiB.</summary>
    public ReadOnlyMemory<byte> UserData { get; init; }

    /// <summary>Written before the guest confirms; at most what <see cref="Contract.GuestFileRules"/> allows.</summary>
    public IReadOnlyList<InjectedFile> Files { get; init; } = [];
}

/// <summary>What the guest confirmed.</summary>
/// <param name="Hostname">Read back from the guest's kernel.</param>
/// <param name="MachineId">Read back.</param>
/// <param name="Clock">The guest's wall clock after it was set.</param>
/// <param name="KernelReseeded">Whether the guest's kernel logged its reseed for the new generation.</param>
/// <param name="Random">32 hex digits the guest drew afterwards.</param>
public sealed record IdentityConfirmation(
    string Hostname, string MachineId, DateTimeOffset Clock, bool KernelReseeded, string Random);

/// <summary>A program to run in a guest.</summary>
public sealed record GuestCommand
{
    /// <summary>The program, looked up in the guest's PATH, and its arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Null for none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether what comes for it may be standard input; where not, it is resizes and signals alone.</summary>
    public bool TakesInput { get; init; } = true;

    /// <summary>Null for no terminal.</summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>USER or USER:GROUP, names or numbers of the guest's. Null for root.</summary>
    public string? User { get; init; }

    public string? WorkingDirectory { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <param name="Rows">1 to 65,535.</param>
/// <param name="Columns">1 to 65,535.</param>
public sealed record TerminalSize(int Rows, int Columns);

/// <summary>What comes for a program while it runs, in order.</summary>
public abstract record ExecInput;

public sealed record ExecInputBytes(ReadOnlyMemory<byte> Bytes) : ExecInput;

/// <summary>No more bytes come. The end of all means that, too.</summary>
public sealed record ExecInputEnd : ExecInput;

public sealed record ExecResize(TerminalSize Size) : ExecInput;

public sealed record ExecSignal(int Number) : ExecInput;

public abstract record ExecOutput;

public sealed record ExecStandardOutput(ReadOnlyMemory<byte> Bytes) : ExecOutput;

public sealed record ExecStandardError(ReadOnlyMemory<byte> Bytes) : ExecOutput;

/// <summary>The end. Exactly one of the two is set.</summary>
public sealed record ExecExited(int? ExitCode, int? Signal) : ExecOutput
{
    /// <summary>The signal came of its timeout.</summary>
    public bool TimedOut { get; init; }

    /// <summary>The signal came of the guest's kernel, which had no memory left.</summary>
    public bool OutOfMemory { get; init; }
}
