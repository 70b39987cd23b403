using System.ComponentModel;
using System.Text.RegularExpressions;
using Templating.Core.Linux;

namespace Templating.Core.Errors;

/// <summary>
/// The host's refusals as failures of our own: the one place where an error number of the kernel gets an error code. What is full
/// is told by its path, whichever file system that is on; what a retry cannot help is not called retryable.
/// </summary>
internal static partial class HostFailure
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The failure as callers are told it: of the host where it is the host's, else as it is.</summary>
    public static Exception Explain(Exception failure) => Find(failure) ?? failure;

    /// <summary>Null where it is a <see cref="TemplatingException"/> already, or not the host's.</summary>
    public static TemplatingException? Find(Exception failure)
    {
        for (var e = failure; e is not null and not TemplatingException; e = e.InnerException)
        {
            switch (e)
            {
                case PathException { Needed: { } needed, Path: var written } full when DiskFull.Is(full):
                    return DiskFull.Of(written, needed, full);
                case PathException { HResult: var error, Path: var path } when Find(error, e.Message, path, failure) is { } known:
                    return known;
                case UnauthorizedAccessException { InnerException: IOException { HResult: var error } } when Find(error, e.Message, "", failure) is { } known:
                    return known;
                case IOException { HResult: var error } when Find(error, e.Message, "", failure) is { } known:
                    return known;
                case Win32Exception { NativeErrorCode: var error } when Find(error, e.Message, "", failure) is { } known:
                    return known;

                // .NET's answer also where the kernel gives no thread.
                case OutOfMemoryException:
                    return Exhausted("The node has no memory, or no thread, left for it.", failure);
            }
        }

        return null;
    }

    /// <summary>Whether it says nothing of the file that was to be read: the daemon had no descriptor, or no memory, for it.</summary>
    public static bool IsExhaustion(Exception failure) => Find(failure) is { Code: ErrorCode.HostExhausted };

    /// <param name="error">The kernel's, errno(3).</param>
    /// <param name="said">What was tried, and the kernel's words.</param>
    /// <param name="path">Of what; empty where that is not known.</param>
    /// <param name="inner">The failure itself, if it is one.</param>
    /// <returns>Null where the number alone says nothing of the host.</returns>
    public static TemplatingException? Find(int error, string said, string path = "", Exception? inner = null) => error switch
    {
        Errno.NoSpace or Errno.QuotaExceeded => DiskFull.Of(path.Length > 0 ? path : PathIn(said), needed: null, error, said, inner),
        Errno.TooManyFiles => Exhausted($"{Sentence(said)} The daemon has as many open files as it may have: raise its limit (LimitNOFILE=), or end clones and connections.", inner),
        Errno.TooManyFilesInAll => Exhausted($"{Sentence(said)} The host has as many open files as it may have: raise fs.file-max, or end what has them open.", inner),
        Errno.NoMemory or Errno.NoBuffers => Exhausted($"{Sentence(said)} The host has no memory left for it: end clones, or other programs of the host.", inner),
        Errno.ReadOnly => Unusable($"{Sentence(said)} That file system is mounted read-only: mount it writable, or choose another path.", inner),
        Errno.Access or Errno.NotPermitted => Unusable($"{Sentence(said)} The daemon may not do that: give it the right to, or choose another path.", inner),
        Errno.InputOutput => Unusable($"{Sentence(said)} The disk does not work: the kernel's log (dmesg) says more.", inner),
        Errno.FileTooLarge => Unusable($"{Sentence(said)} That file system, or the daemon's limit (LimitFSIZE=), allows no file so large: choose another path, or raise the limit.", inner),
        _ => null,
    };

    /// <summary>For processes and threads, where EAGAIN is the host's limit of them; elsewhere it is an answer like others.</summary>
    public static TemplatingException? FindOfProcess(int error, string said) => error == Errno.Again
        ? Exhausted($"{Sentence(said)} The daemon, or the host, has as many processes as it may have: raise the limit (TasksMax=, LimitNPROC=, kernel.pid_max), or end clones.", inner: null)
        : Find(error, said);

    private static TemplatingException Exhausted(string message, Exception? inner) => new(ErrorCode.HostExhausted, message, inner) { RetryAfter = RetryAfter };

    private static TemplatingException Unusable(string message, Exception? inner) => new(ErrorCode.HostUnusable, message, inner);

    private static string Sentence(string said) => said.TrimEnd('.') + ".";

    /// <summary>.NET keeps the path of what failed in the message alone.</summary>
    private static string PathIn(string said) => NamedPath().Match(said).Groups["path"].Value;

    [GeneratedRegex("'(?<path>/[^']*)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamedPath();
}
