using Microsoft.Extensions.Logging;

namespace Templating.Core.Clones;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Clone {Clone} of {Template} is ready after {Milliseconds} ms")]
    public static partial void CloneReady(this ILogger logger, CloneName clone, string template, double milliseconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Clone {Clone} was not started: {Reason}")]
    public static partial void CloneNotStarted(this ILogger logger, CloneName clone, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Clone {Clone} ended: {Reason}")]
    public static partial void CloneEnded(this ILogger logger, CloneName clone, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Clone {Clone} is ended: {Reason}")]
    public static partial void CloneExpires(this ILogger logger, CloneName clone, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Clone {Clone} was deleted: {Reason}")]
    public static partial void CloneDeleted(this ILogger logger, CloneName clone, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Adopted {Count} clones, of which {Silent} do not answer; {Lost} had ended, {Reaped} were half started and have been removed")]
    public static partial void Adopted(this ILogger logger, int count, int silent, int lost, int reaped);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A clone's folder cannot be read and its VM is ended: {Problem}")]
    public static partial void RecordUnreadable(this ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Clone {Clone} could not be cleaned up")]
    public static partial void CleanUpFailed(this ILogger logger, Exception exception, CloneName clone);

    [LoggerMessage(Level = LogLevel.Error, Message = "Clone {Clone}: its record could not be written, so that a restart of the daemon would lose it")]
    public static partial void RecordNotWritten(this ILogger logger, Exception exception, CloneName clone);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Clone {Clone} does not answer; it keeps what it holds and is asked until it does")]
    public static partial void Silent(this ILogger logger, CloneName clone);

    [LoggerMessage(Level = LogLevel.Information, Message = "Clone {Clone} answers again")]
    public static partial void AnsweredLate(this ILogger logger, CloneName clone);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Clone {Clone}: what its guest printed last could not be written, so that a restart of the daemon would lose it")]
    public static partial void ConsoleNotKept(this ILogger logger, Exception exception, CloneName clone);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Clone {Clone} is not taken over and its VM is ended: {Problem}")]
    public static partial void NotTakenOver(this ILogger logger, CloneName clone, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Clone {Clone} has a device of which nothing could be held again: {Problem}")]
    public static partial void DeviceNotHeld(this ILogger logger, CloneName clone, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder} says it is {Clone} as another folder does, and is removed: it is what a clean-up could not remove")]
    public static partial void NameTwice(this ILogger logger, CloneName clone, string folder);
}
