using Microsoft.Extensions.Logging;

namespace Templating.Core.Pools;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Pool {Pool} is to have {Restored} VMs restored and {Prepared} prepared of {Template}")]
    public static partial void PoolSet(this ILogger logger, PoolName pool, int restored, int prepared, string template);

    [LoggerMessage(Level = LogLevel.Information, Message = "Pool {Pool} was deleted")]
    public static partial void PoolDeleted(this ILogger logger, PoolName pool);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Pool {Pool}: a VM of {Revision} waits {Kind} after {Milliseconds} ms")]
    public static partial void Waits(this ILogger logger, PoolName pool, string revision, WaitingKind kind, double milliseconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Pool {Pool}: a VM that waited is ended: {Reason}")]
    public static partial void IsEnded(this ILogger logger, PoolName pool, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pool {Pool}: {Problem} It is tried again in {Seconds} s")]
    public static partial void Failed(this ILogger logger, PoolName pool, string problem, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A pool is not known any more, for what was asked for of it cannot be read: {Problem}")]
    public static partial void Unreadable(this ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "A VM that waited in {Folder} is not taken over and is ended: {Problem}")]
    public static partial void NotAdopted(this ILogger logger, string folder, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Pools} pools, with {Count} VMs that waited for this daemon")]
    public static partial void Adopted(this ILogger logger, int pools, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Pool {Pool}: a VM could not be cleaned up")]
    public static partial void CleanUpFailed(this ILogger logger, Exception exception, PoolName pool);

    [LoggerMessage(Level = LogLevel.Error, Message = "A look at pool {Pool} failed; it is tried again")]
    public static partial void LookFailed(this ILogger logger, Exception exception, PoolName pool);
}
