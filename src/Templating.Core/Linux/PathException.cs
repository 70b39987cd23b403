namespace Templating.Core.Linux;

/// <summary>What the kernel refused, of which path, and by which error number (<see cref="Exception.HResult"/>).</summary>
internal sealed class PathException(string message, int error, string path) : IOException(message, error)
{
    public string Path => path;

    /// <summary>Bytes that were to be written; null where it was something else.</summary>
    public long? Needed { get; init; }
}
