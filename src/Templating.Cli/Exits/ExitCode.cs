using Grpc.Core;
using Templating.Api.Client;

namespace Templating.Cli.Exits;

/// <summary>The process's exit codes: a promise to scripts (docs/cli.md).</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Refused = 4;
    public const int Unavailable = 5;
    public const int Precondition = 6;
    public const int Exhausted = 7;
    public const int Deadline = 8;

    /// <summary>The daemon answered that something beside it failed, and that the same may succeed later.</summary>
    public const int TryAgain = 9;

    /// <summary>As docker and env(1) have it: exec itself failed, the guest's command did not speak.</summary>
    public const int Exec = 125;

    /// <summary>128 + SIGINT, as a shell has it.</summary>
    public const int Interrupted = 130;

    /// <summary>gRPC has one status for a daemon that is not there and one that says so of something else; only the latter gives a reason.</summary>
    public static int Of(TemplatingClientException failure) =>
        failure is { Code: StatusCode.Unavailable, Reason.Length: > 0 } ? TryAgain : Of(failure.Code);

    private static int Of(StatusCode code) => code switch
    {
        StatusCode.OK => Ok,
        StatusCode.InvalidArgument or StatusCode.OutOfRange => Usage,
        StatusCode.NotFound => NotFound,
        StatusCode.PermissionDenied or StatusCode.Unauthenticated => Refused,
        StatusCode.Unavailable => Unavailable,
        StatusCode.FailedPrecondition or StatusCode.Aborted or StatusCode.AlreadyExists => Precondition,
        StatusCode.ResourceExhausted => Exhausted,
        StatusCode.DeadlineExceeded => Deadline,
        _ => Failure,
    };
}
