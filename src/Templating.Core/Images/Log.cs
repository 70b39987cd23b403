using Microsoft.Extensions.Logging;

namespace Templating.Core.Images;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Published image {Digest}: {MiB} MiB, {Inodes} inodes, in {Seconds:0.0} s")]
    public static partial void ImagePublished(this ILogger logger, string digest, long miB, long inodes, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An image is forgotten; {Path}: {Problem}")]
    public static partial void ImageForgotten(this ILogger logger, string path, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot remove {Path}: {Problem}")]
    public static partial void ImageNotRemoved(this ILogger logger, string path, string problem);
}
