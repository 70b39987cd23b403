using Grpc.Core;
using Grpc.Core.Interceptors;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Node.Authorization;
using Templating.Node.Mapping;

namespace Templating.Node.Kubernetes;

/// <summary>
/// Lets in root alone and tells failures as a kubelet shows them: the message becomes the pod's event, so it is all there
/// is to say, in plain text.
/// </summary>
internal sealed class KubeletInterceptor(ILogger<KubeletInterceptor> logger) : Interceptor
{
    private const int MaxMessage = 1024;

    private static readonly uint OwnUid = LibC.EffectiveUser();

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Admit(context);
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Admit(context);
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private static void Admit(ServerCallContext context)
    {
        if (context.GetHttpContext().Features.Get<Peer>() is not UnixPeer peer || (peer.Uid != 0 && peer.Uid != OwnUid))
        {
            throw new RpcException(new Status(StatusCode.PermissionDenied, "Only the node's kubelet is served here."));
        }
    }

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        switch (e)
        {
            case TemplatingException failure:
                Log.Refused(logger, context.Method, failure.Code, failure.Message);
                return Status(Code(failure.Code), failure.Message);
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested:
                return Status(StatusCode.Cancelled, "The call was cancelled; what it had begun was undone.");
            case IOException or UnauthorizedAccessException:
                Log.Failed(logger, context.Method, e);
                return Status(StatusCode.Internal, e.Message);
            default:
                Log.Failed(logger, context.Method, e);
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
