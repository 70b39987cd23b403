using Templating.Cli.Terminals;
using Templating.Terminal.Descriptors;

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

    /// <summary>What became of <see cref="Out"/> and <see cref="StandardOutput"/>, which throw nothing.</summary>
    public OutputGuard Guard { get; init; } = new();

    /// <summary>From here on a reader of standard output that goes is noticed also while there is nothing to write.</summary>
    public Action WatchReader { get; init; } = () => { };

    public bool InputIsTerminal { get; init; }

    /// <summary>One that understands escape sequences.</summary>
    public bool OutputIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>The columns of the terminal that <see cref="Out"/> is, a dumb one too; null where it is none.</summary>
    public Func<int?> OutputWidth { get; init; } = () => null;

    /// <summary>The columns of the terminal that <see cref="Error"/> is.</summary>
    public Func<int> ErrorWidth { get; init; } = () => StandardDescriptors.DefaultColumns;

    /// <summary>The terminal that a program in a guest is shown on; tests bring their own.</summary>
    public IOwnTerminal Terminal { get; init; } = new OwnTerminal();

    public Func<string, string?> Environment { get; init; } = _ => null;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public static CliHost OfProcess()
    {
        var streams = StandardStreams.OfProcess();
        var escapes = System.Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        var outputIsTerminal = StandardDescriptors.IsTerminal(StandardDescriptors.Output);
        return new CliHost
        {
            Out = streams.Out,
            Error = streams.Error,
            StandardInput = () => new DescriptorInput(StandardDescriptors.Input),
            StandardOutput = streams.Output,
            StandardError = streams.ErrorOutput,
            Guard = streams.Guard,
            WatchReader = streams.Output.WatchReader,
            InputIsTerminal = StandardDescriptors.IsTerminal(StandardDescriptors.Input),
            OutputIsTerminal = outputIsTerminal && escapes,
            ErrorIsTerminal = StandardDescriptors.IsTerminal(StandardDescriptors.Error) && escapes,
            OutputWidth = () => outputIsTerminal ? Columns(StandardDescriptors.Output) : null,
            ErrorWidth = () => Columns(StandardDescriptors.Error),
            Environment = System.Environment.GetEnvironmentVariable,
        };
    }

    private static int Columns(int descriptor) => StandardDescriptors.Columns(descriptor, System.Environment.GetEnvironmentVariable("COLUMNS"));
}
