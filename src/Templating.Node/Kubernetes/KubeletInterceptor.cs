using Grpc.Core;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Node.Authorization;
using Templating.Node.Mapping;

namespace Templating.Node.Kubernetes;

/// <summary>
/// Lets in root alone and tells failures as a kubelet shows them: the message becomes the pod's event, so it is all there
/// is to say, in plain text.
/// </summary>
internal sealed class KubeletInterceptor(ILogger<KubeletInterceptor> logger) : CallGuard
{
    private const int MaxMessage = 1024;

    private static readonly uint OwnUid = LibC.EffectiveUser();

    protected override void Admit(ServerCallContext context)
    {
        if (context.GetHttpContext().Features.Get<Peer>() is not UnixPeer peer || (peer.Uid != 0 && peer.Uid != OwnUid))
        {
            throw new RpcException(new Status(StatusCode.PermissionDenied, "Only the node's kubelet is served here."));
        }
    }

    protected override RpcException Translate(Exception failure, ServerCallContext context)
    {
        switch (failure)
        {
            case TemplatingException refusal:
                Log.Refused(logger, context.Method, refusal.Code, refusal.Message);
                return Status(Code(refusal.Code), refusal.Message);
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested:
                return Status(StatusCode.Cancelled, "The call was cancelled; what it had begun was undone.");
            case var _ when HostFailure.Find(failure) is { } refusal:
                return Translate(refusal, context);
            case IOException or UnauthorizedAccessException:
                Log.Failed(logger, context.Method, failure);
                return Status(StatusCode.Internal, failure.Message);
            default:
                Log.Failed(logger, context.Method, failure);
                return Status(StatusCode.Internal, "The node daemon failed; its log says how.");
        }
    }

    /// <summary>CSI knows no DATA_LOSS; a corrupt template is a precondition that does not hold.</summary>
    private static StatusCode Code(ErrorCode code) => ErrorTable.Of(code).Status is var status && status == StatusCode.DataLoss
        ? StatusCode.FailedPrecondition
        : status;

    private static RpcException Status(StatusCode code, string message) =>
        new(new Status(code, message.Length <= MaxMessage ? message : message[..MaxMessage]));
}
