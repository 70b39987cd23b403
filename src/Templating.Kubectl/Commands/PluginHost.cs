using Templating.Terminal.Descriptors;

namespace Templating.Kubectl.Commands;

/// <summary>Where the plugin prints; tests bring their own.</summary>
/// <param name="Width">The columns of the terminal that <paramref name="Out"/> is; null where it is none.</param>
internal sealed record PluginHost(TextWriter Out, TextWriter Error, OutputGuard Guard, Func<int?> Width)
{
    /// <summary>The columns of the terminal that <see cref="Error"/> is; null where it is none.</summary>
    public Func<int?> ErrorWidth { get; init; } = () => null;

    public static PluginHost Of(StandardStreams streams) => new(streams.Out, streams.Error, streams.Guard, () =>
        StandardDescriptors.IsTerminal(StandardDescriptors.Output)
            ? StandardDescriptors.Columns(StandardDescriptors.Output, Environment.GetEnvironmentVariable("COLUMNS"))
            : null)
    {
        ErrorWidth = () => StandardDescriptors.IsTerminal(StandardDescriptors.Error)
            ? StandardDescriptors.Columns(StandardDescriptors.Error, Environment.GetEnvironmentVariable("COLUMNS"))
            : null,
    };
}
