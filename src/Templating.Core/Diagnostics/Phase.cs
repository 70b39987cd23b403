namespace Templating.Core.Diagnostics;

/// <summary>One step of an operation and how long it took.</summary>
public sealed record Phase(string Name, TimeSpan Duration);
