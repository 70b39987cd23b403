using Microsoft.Extensions.Logging;
using Templating.Core.Names;

namespace Templating.Core.Store;

internal static partial class StoreLog
{
    [LoggerMessage(1, LogLevel.Information, "Opened the store {Root}: {Revisions} revisions, {Broken} broken; swept {Swept} abandoned folders")]
    public static partial void Opened(this ILogger logger, string root, int revisions, int broken, int swept);

    [LoggerMessage(11, LogLevel.Warning, "The store {Root} is in memory ({FileSystem}): templates take their whole RAM's size of it, count against the memory budget, and are gone after a reboot")]
    public static partial void InMemory(this ILogger logger, string root, string fileSystem);

    [LoggerMessage(12, LogLevel.Warning, "What a daemon before this one verified is not used, and templates are read again: {Problem}")]
    public static partial void StampsNotUsed(this ILogger logger, string problem);

    [LoggerMessage(13, LogLevel.Warning, "What was verified cannot be kept for the next daemon, which will read templates again: {Problem}")]
    public static partial void StampsNotKept(this ILogger logger, string problem);

    [LoggerMessage(2, LogLevel.Warning, "{Path} cannot be used: {Problem}")]
    public static partial void Broken(this ILogger logger, string path, string problem);

    [LoggerMessage(3, LogLevel.Information, "Published {Revision}: {Allocated} bytes on disk of {Size}, fs-verity {Verity}")]
    public static partial void Published(this ILogger logger, RevisionName revision, long allocated, long size, bool verity);

    [LoggerMessage(5, LogLevel.Warning, "Could not remove {Path}; the next collection tries again")]
    public static partial void RemoveFailed(this ILogger logger, string path, Exception exception);

    [LoggerMessage(6, LogLevel.Information, "Collected {Images} images and {Folders} abandoned folders, {Bytes} bytes")]
    public static partial void Collected(this ILogger logger, int images, int folders, long bytes);

    [LoggerMessage(7, LogLevel.Warning, "Images are kept: {Path} may use any of them, and cannot be read")]
    public static partial void ImagesKept(this ILogger logger, string path);

    [LoggerMessage(8, LogLevel.Debug, "Imported {Path} as image {Sha256} ({How})")]
    public static partial void Imported(this ILogger logger, string path, string sha256, string how);

    [LoggerMessage(9, LogLevel.Debug, "Verified {Path}: {Size} bytes in {Milliseconds} ms")]
    public static partial void Verified(this ILogger logger, string path, long size, double milliseconds);

    [LoggerMessage(10, LogLevel.Error, "Image {Path} no longer had its digest and was replaced by the imported copy")]
    public static partial void ImageHealed(this ILogger logger, string path);
}
