using Grpc.Core;
using Templating.Api.Client;
using Templating.OwnerPort.Errors;
using Templating.Shim.Errors;
using Templating.Shim.Protocol.Ttrpc;

namespace Templating.Shim.Ttrpc;

/// <summary>What a caller is told of an exception.</summary>
internal static class CallFaults
{
    private const int LongestMessage = 8 * 1024;

    /// <param name="exception">Of a handler.</param>
    /// <param name="inTime">Whether the caller's time was not over yet.</param>
    public static CallStatus ToStatus(Exception exception, bool inTime) => exception switch
    {
        ShimException e => Status(e.Code, e.Message),
        TemplatingClientException e => Status(e.Code, e.Message),
        OperationCanceledException => inTime
            ? Status(StatusCode.Cancelled, "The call was cancelled.")
            : Status(StatusCode.DeadlineExceeded, "The caller's time was over before it was done."),
        TimeoutException e => Status(StatusCode.DeadlineExceeded, e.Message),
        OwnerPortException e => Status(StatusCode.Unavailable, e.Message),
        _ => Status(StatusCode.Unknown, exception.Message),
    };

    /// <summary>Whether nobody foresaw it, so that it is a fault of the shim's.</summary>
    public static bool IsOurs(Exception exception) => exception
        is not (ShimException or TemplatingClientException or OperationCanceledException or TimeoutException or OwnerPortException or GuestRefusedException);

    public static CallStatus Status(StatusCode code, string message) =>
        new() { Code = (int)code, Message = message.Length <= LongestMessage ? message : message[..LongestMessage] };
}
