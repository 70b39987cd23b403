using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Templating.Testing.Kubernetes;

/// <summary>Refusals as a daemon words them (docs/errors.md).</summary>
public static class NodeRefusals
{
    public static RpcException Make(StatusCode code, string reason, string message) => new Google.Rpc.Status
    {
        Code = (int)code,
        Message = message,
        Details = { Any.Pack(new ErrorInfo { Domain = "templating.dev", Reason = reason }) },
    }.ToRpcException();
}
