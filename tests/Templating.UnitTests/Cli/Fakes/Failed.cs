using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Templating.UnitTests.Cli.Fakes;

/// <summary>Failures as the daemon tells them.</summary>
internal static class Failed
{
    public static Google.Rpc.Status Status(StatusCode code, string reason, string message, params (string Field, string Description)[] violations)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = reason, Domain = "templating.dev", Metadata = { ["step"] = "boot" } }));
        if (violations.Length > 0)
        {
            status.Details.Add(Any.Pack(new BadRequest
            {
                FieldViolations = { violations.Select(v => new BadRequest.Types.FieldViolation { Field = v.Field, Description = v.Description }) },
            }));
        }

        if (code == StatusCode.ResourceExhausted)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)) }));
        }

        return status;
    }

    public static RpcException With(StatusCode code, string reason, string message, params (string Field, string Description)[] violations) =>
        Status(code, reason, message, violations).ToRpcException();
}
