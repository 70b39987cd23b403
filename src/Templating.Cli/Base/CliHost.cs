using Templating.Cli.Terminals;

namespace Templating.Cli.Base;

/// <summary>The world outside the command line; tests bring their own.</summary>
internal sealed record CliHost
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required Func<Stream> StandardInput { get; init; }

    /// <summary>The bytes below <see cref="Out"/>, for what is not text of ours.</summary>
    public required Stream StandardOutput { get; init; }

    public required Stream StandardError { get; init; }

    public bool InputIsTerminal { get; init; }

    public bool OutputIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public Func<int> Width { get; init; } = () => 80;

    public Func<string, string?> Environment { get; init; } = _ => null;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public static CliHost OfProcess()
    {
        var output = Console.OpenStandardOutput();
        var error = Console.OpenStandardError();
        var dumb = string.Equals(System.Environment.GetEnvironmentVariable("TERM"), "dumb", StringComparison.Ordinal);
        return new CliHost
        {
            Out = new StreamWriter(output, leaveOpen: true),
            Error = new StreamWriter(error, leaveOpen: true) { AutoFlush = true },
            StandardInput = () => new DescriptorStream(0),
            StandardOutput = output,
            StandardError = error,
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = !Console.IsOutputRedirected && !dumb,
            ErrorIsTerminal = !Console.IsErrorRedirected && !dumb,
            Width = () => Console.WindowWidth,
            Environment = System.Environment.GetEnvironmentVariable,
        };
    }
}
