namespace Templating.Core.Machines;

/// <summary>Bytes of a file, in whole pages.</summary>
public readonly record struct FileRange(long Offset, long Length);
