using System.CommandLine;

namespace Templating.Cli.Base;

/// <summary>A command with examples in its help.</summary>
internal sealed class CliCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>The exit code of every failure of our own; null for the one that fits the failure.</summary>
    public int? FailureCode { get; set; }

    /// <summary>Whether it ends by itself, in order, when a signal comes, and goes on when nobody reads its output.</summary>
    public bool OwnsSignals { get; set; }
}
