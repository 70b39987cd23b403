namespace Templating.Core.Diagnostics;

/// <summary>What waits for a slow watcher of objects.</summary>
public static class Changes
{
    /// <summary>An object's latest state is enough, but that it was gone in between is told.</summary>
    /// <param name="keyOf">Which object it is.</param>
    /// <param name="bytesOf">About what its state costs in memory.</param>
    public static Merging<Change<T>> Merging<T>(Func<T, string> keyOf, Func<T, long> bytesOf) => new(
        change => keyOf(change.Item),
        (before, after) => before.Kind != ChangeKind.Deleted || after.Kind == ChangeKind.Deleted,
        change => bytesOf(change.Item));
}
