namespace Templating.Fuzz;

/// <summary>A parser of bytes that others send.</summary>
/// <param name="Name">Also of the folder of its corpus.</param>
/// <param name="RunAsync">Throws where the parser did what it must not do.</param>
internal sealed record Target(string Name, Func<byte[], Task> RunAsync);
