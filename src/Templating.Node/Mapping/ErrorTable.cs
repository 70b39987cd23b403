using System.Collections.Frozen;
using Grpc.Core;
using Templating.Core.Errors;

namespace Templating.Node.Mapping;

/// <summary>How each of Core's error codes is told on the wire. docs/errors.md says the same to people; a test compares.</summary>
internal static class ErrorTable
{
    public const string Domain = "templating.dev";

    private static readonly FrozenDictionary<ErrorCode, ErrorRule> Rules = new Dictionary<ErrorCode, ErrorRule>
    {
        [ErrorCode.Internal] = new(StatusCode.Internal, Retryable: false),
        [ErrorCode.InvalidArgument] = new(StatusCode.InvalidArgument, Retryable: false),
        [ErrorCode.RequestIdReused] = new(StatusCode.AlreadyExists, Retryable: false),
        [ErrorCode.PermissionDenied] = new(StatusCode.PermissionDenied, Retryable: false),
        [ErrorCode.NetworkNotAllowed] = new(StatusCode.PermissionDenied, Retryable: false),
        [ErrorCode.IllegalState] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.TemplateNotFound] = new(StatusCode.NotFound, Retryable: false),
        [ErrorCode.TemplateBusy] = new(StatusCode.Aborted, Retryable: true),
        [ErrorCode.TemplateInUse] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.TemplateCorrupt] = new(StatusCode.DataLoss, Retryable: false),
        [ErrorCode.TemplateStale] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.ManifestInvalid] = new(StatusCode.DataLoss, Retryable: false),
        [ErrorCode.CloneNotFound] = new(StatusCode.NotFound, Retryable: false),
        [ErrorCode.NodeMemoryExhausted] = new(StatusCode.ResourceExhausted, Retryable: true),
        [ErrorCode.NodeCapacityExhausted] = new(StatusCode.ResourceExhausted, Retryable: true),
        [ErrorCode.TenantQuotaExhausted] = new(StatusCode.ResourceExhausted, Retryable: true),
        [ErrorCode.NodeTooSmall] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.TenantLimitTooSmall] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.HostExhausted] = new(StatusCode.ResourceExhausted, Retryable: true),
        [ErrorCode.HostUnusable] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.PortUnavailable] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.DiskFull] = new(StatusCode.ResourceExhausted, Retryable: true),
        [ErrorCode.QemuMissing] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.QemuTooOld] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.QemuUnsupported] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.AcceleratorUnavailable] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.QemuExited] = new(StatusCode.Unavailable, Retryable: true),
        [ErrorCode.QemuRefused] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.QmpFailed] = new(StatusCode.Unavailable, Retryable: true),
        [ErrorCode.GuestStopped] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.GuestNotReady] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.GuestNotSuitable] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.WarmUpFailed] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.GuestAgentFailed] = new(StatusCode.Unavailable, Retryable: true),
        [ErrorCode.IdentityNotConfirmed] = new(StatusCode.Unavailable, Retryable: true),
        [ErrorCode.GuestFileRefused] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.IsolationViolated] = new(StatusCode.Internal, Retryable: false),
        [ErrorCode.CloneAlreadyExists] = new(StatusCode.AlreadyExists, Retryable: false),
        [ErrorCode.SandboxOwned] = new(StatusCode.AlreadyExists, Retryable: false),
        [ErrorCode.SandboxOwnerGone] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.SandboxUnsupported] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.CgroupUnusable] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.PoolNotFound] = new(StatusCode.NotFound, Retryable: false),
        [ErrorCode.ImageNotFound] = new(StatusCode.NotFound, Retryable: false),
        [ErrorCode.ImageInUse] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.ImageBuildFailed] = new(StatusCode.FailedPrecondition, Retryable: false),
        [ErrorCode.PodNotFound] = new(StatusCode.NotFound, Retryable: false),
        [ErrorCode.PodUnavailable] = new(StatusCode.Unavailable, Retryable: true),
        [ErrorCode.VolumeNotFound] = new(StatusCode.NotFound, Retryable: false),
        [ErrorCode.VolumeBusy] = new(StatusCode.Aborted, Retryable: true),
        [ErrorCode.DownloadFailed] = new(StatusCode.Unavailable, Retryable: true),
        [ErrorCode.WatchTooSlow] = new(StatusCode.Aborted, Retryable: true),
        [ErrorCode.ShuttingDown] = new(StatusCode.Unavailable, Retryable: true),
    }.ToFrozenDictionary();

    public static ErrorRule Of(ErrorCode code) => Rules[code];
}

/// <param name="Status">The gRPC status.</param>
/// <param name="Retryable">Whether the same request may succeed later without anybody doing anything to it.</param>
internal sealed record ErrorRule(StatusCode Status, bool Retryable);
