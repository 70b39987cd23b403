namespace Templating.Node.Commands.Serve;

/// <summary>Where an option was given.</summary>
/// <param name="Name">The flag, the variable, or the file with its field.</param>
/// <param name="Values">What stood there.</param>
internal sealed record OptionSource(string Name, IReadOnlyList<string> Values);
