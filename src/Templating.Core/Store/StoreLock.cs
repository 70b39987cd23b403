using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>Keeps a second process out.</summary>
internal static class StoreLock
{
    /// <exception cref="TemplatingException">IllegalState: another process owns the store.</exception>
    public static FileLock Take(StoreLayout layout) => FileLock.TryTake(layout.Lock, out var owner) ?? throw new TemplatingException(
        ErrorCode.IllegalState,
        $"The store {layout.Root} is owned by {owner}, and only one can own it: stop that one, or use another folder.");
}
