using System.Collections.Frozen;
using System.Diagnostics;
using Grpc.Core;
using Templating.Core.Errors;
using Templating.Node.Authorization;
using Templating.Node.Mapping;

namespace Templating.Node.Services;

/// <summary>Tells services who calls, and tells every failure as its API does (docs/errors.md).</summary>
internal sealed class CallInterceptor(IHostApplicationLifetime lifetime, TimeProvider time, ILogger<CallInterceptor> logger)
    : CallGuard
{
    private static readonly FrozenSet<string> LastingMethods = new[]
        {
            "CloneService/DeleteClone", "CloneService/PlugClone", "CloneService/UnplugClone", "CloneService/ResizeClone", "TemplateService/DeleteTemplate",
            "SandboxService/ReleaseSandbox", "SandboxService/PlugDevice", "SandboxService/UnplugDevice", "SandboxService/ResizeSandbox", "PodService/ActivatePod",
        }
        .Select(method => $"/templating.v1.{method}").ToFrozenSet(StringComparer.Ordinal);

    protected override void Admit(ServerCallContext context)
    {
        // None: it did not come through the gate. Nobody is let in by a mistake of configuration.
        var caller = context.GetHttpContext().Features.Get<Caller>()
            ?? throw new TemplatingException(ErrorCode.PermissionDenied, "It is not known who calls.");
        context.SetCaller(caller);
    }

    protected override RpcException Translate(Exception failure, ServerCallContext context)
    {
        switch (failure)
        {
            case TemplatingException { Code: ErrorCode.Internal or ErrorCode.IsolationViolated } fault:
                CallLog.Failed(logger, context.Method, CorrelationId(), fault);
                return Status(fault);
            case TemplatingException { Code: ErrorCode.DiskFull or ErrorCode.HostExhausted or ErrorCode.HostUnusable } refusal:
                CallLog.RefusedByHost(logger, context.Method, refusal.Code, refusal.Message);
                return Status(refusal);
            case TemplatingException refusal:
                CallLog.Refused(logger, context.Method, refusal.Code, refusal.Message);
                return Status(refusal);
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(context.Deadline <= time.GetUtcNow().UtcDateTime
                    ? new Status(StatusCode.DeadlineExceeded, $"The call's deadline has passed; {Aftermath(context.Method)}.")
                    : new Status(StatusCode.Cancelled, $"The caller cancelled the call; {Aftermath(context.Method)}."));
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return Status(CallFailures.ShuttingDown());
            case var _ when HostFailure.Find(failure) is { } refusal:
                return Translate(refusal, context);
            default:
                var id = CorrelationId();
                CallLog.Failed(logger, context.Method, id, failure);
                return ErrorMapping.ToInternal(id).ToRpcException();
        }
    }

    private static RpcException Status(TemplatingException failure) => ErrorMapping.ToStatus(failure).ToRpcException();

    /// <summary>What becomes of a call's work when nobody waits for it any more.</summary>
    internal static string Aftermath(string method) => LastingMethods.Contains(method)
        ? "what it had begun goes on or stays done: ask for the present state"
        : "what it had begun was undone";

    internal static string CorrelationId() => (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString();
}
