using System.Collections.Frozen;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Templating.Core.Errors;
using Templating.Node.Authorization;
using Templating.Node.Mapping;

namespace Templating.Node.Admission;

/// <summary>
/// What every call passes before a byte of its message is read: who calls is known, may call at all, and has its share of calls
/// and bytes left. Who may act for nobody is turned away here, so that its calls cost nothing that lasts.
/// </summary>
internal sealed class CallGate(NodeShares shares, PolicySource policy, TimeProvider time, ILogger<CallGate> logger)
{
    /// <summary>What says nothing of any tenant (docs/authorization.md).</summary>
    private static readonly FrozenSet<string> ForAll = new[]
    {
        "/templating.v1.NodeService/GetNode", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    }.ToFrozenSet(StringComparer.Ordinal);

    private readonly LimitLog _limits = new(time);
    private readonly LimitLog _refusals = new(time);

    public async Task ServeAsync(HttpContext context, RequestDelegate next)
    {
        // No peer: a listener that is not one of ours. Nobody is let in by a mistake of configuration.
        if (context.Features.Get<Peer>() is not { } peer)
        {
            Refuse(context, new TemplatingException(ErrorCode.PermissionDenied, "The connection does not tell who calls."));
            return;
        }

        var caller = policy.Identify(peer);
        var (key, standing) = (NodeShares.KeyOf(peer), NodeShares.StandingOf(caller));
        if (context.Features.Get<ConnectionRefusal>() is { } refusal)
        {
            Refuse(context, refusal.Reason);
            return;
        }

        if (standing == Standing.Stranger && !ForAll.Contains(context.Request.Path.Value ?? ""))
        {
            Refuse(context, new TemplatingException(
                ErrorCode.PermissionDenied,
                "The caller may not act for any tenant. Ask whoever runs the node to grant it one (docs/authorization.md)."));
            return;
        }

        using var call = Share.TryTake(shares.Calls, key, standing);
        if (call is null)
        {
            if (_limits.IsDue())
            {
                Log.NoCallLeft(logger, key, shares.Calls.LimitOf(standing));
            }

            Refuse(context, NodeShares.Refusal(shares.Calls, standing, "calls under way", "End some, or have --max-calls-per-caller raised."));
            return;
        }

        var isStream = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Type
            is MethodType.ClientStreaming or MethodType.DuplexStreaming;
        using var body = new MeteredBody(context.Request.BodyReader, new Share(shares.RequestBytes, key, standing), isKept: !isStream, time);
        context.Features.Set<IRequestBodyPipeFeature>(body);
        context.Features.Set(caller);
        await next(context);
    }

    /// <summary>As a gRPC answer without a message: its status in the headers ("Trailers-Only").</summary>
    private void Refuse(HttpContext context, TemplatingException reason)
    {
        if (_refusals.IsDue())
        {
            Log.Refused(logger, context.Request.Path, reason.Message);
        }

        var refusal = ErrorMapping.ToStatus(reason).ToRpcException();
        var headers = context.Response.Headers;
        headers.ContentType = "application/grpc";
        headers["grpc-status"] = ((int)refusal.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        headers["grpc-message"] = Uri.EscapeDataString(refusal.Status.Detail);
        foreach (var entry in refusal.Trailers.Where(entry => entry.IsBinary))
        {
            headers[entry.Key] = Convert.ToBase64String(entry.ValueBytes);
        }
    }
}
