namespace Templating.Core.Diagnostics;

/// <summary>How what waits for a slow reader is kept small: of several items about one thing the latest is enough.</summary>
/// <param name="KeyOf">What an item is about.</param>
/// <param name="Replaces">Whether the second item says all that the first one did, both about one thing.</param>
/// <param name="BytesOf">About what an item costs in memory.</param>
public sealed record Merging<T>(Func<T, string> KeyOf, Func<T, T, bool> Replaces, Func<T, long> BytesOf);
