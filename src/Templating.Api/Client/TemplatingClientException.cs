using Google.Rpc;
using Grpc.Core;
using Templating.Api.Wire;
using Templating.Contract;

namespace Templating.Api.Client;

/// <summary>A failed call, its <c>google.rpc.Status</c> taken apart.</summary>
public sealed class TemplatingClientException : Exception
{
    public TemplatingClientException(StatusCode code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    public StatusCode Code { get; }

    /// <summary>The stable reason (docs/errors.md), such as <c>TEMPLATE_NOT_FOUND</c>; empty where the daemon gave none.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Bounded facts for programs.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyList<FieldViolation> Violations { get; init; } = [];

    /// <summary>When a retry makes sense; null where the daemon did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static TemplatingClientException From(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        Google.Rpc.Status? status;
        try
        {
            status = exception.GetRpcStatus();
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            // The trailer is damaged, the code and message beside it are not.
            status = null;
        }

        return status is null
            ? new TemplatingClientException(exception.StatusCode, exception.Status.Detail, exception)
            : From(status, exception);
    }

    public static TemplatingClientException From(Google.Rpc.Status status, Exception? inner = null)
    {
        ArgumentNullException.ThrowIfNull(status);
        var info = Detail<ErrorInfo>(status);
        return new TemplatingClientException((StatusCode)status.Code, status.Message, inner)
        {
            Reason = info?.Reason ?? "",
            Metadata = info is null
                ? new Dictionary<string, string>(StringComparer.Ordinal)
                : new Dictionary<string, string>(info.Metadata, StringComparer.Ordinal),
            Violations = Detail<BadRequest>(status)?.FieldViolations
                .Select(v => new FieldViolation(v.Field, v.Description)).ToList() ?? [],
            RetryAfter = Detail<RetryInfo>(status)?.RetryDelay.ToTimeSpanOrNull(),
        };
    }

    private static T? Detail<T>(Google.Rpc.Status status)
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        try
        {
            return status.GetDetail<T>();
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
