using Grpc.Core;
using Templating.Api.Client;
using Templating.Kubernetes;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>A daemon's refusals (docs/errors.md) in the words of a VMTemplate's status.</summary>
internal static class BuildFailures
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["DISK_FULL"] = Reasons.NoSpace,
        ["NODE_MEMORY_EXHAUSTED"] = Reasons.NoSpace,
        ["NODE_CAPACITY_EXHAUSTED"] = Reasons.NoSpace,
        ["TENANT_QUOTA_EXHAUSTED"] = Reasons.NoSpace,
        ["HOST_EXHAUSTED"] = Reasons.NoSpace,
        ["NODE_TOO_SMALL"] = Reasons.NoSpace,
        ["TENANT_LIMIT_TOO_SMALL"] = Reasons.SpecRefused,
        ["QEMU_MISSING"] = Reasons.QemuUnsupported,
        ["QEMU_TOO_OLD"] = Reasons.QemuUnsupported,
        ["QEMU_UNSUPPORTED"] = Reasons.QemuUnsupported,
        ["ACCELERATOR_UNAVAILABLE"] = Reasons.QemuUnsupported,
        ["INVALID_ARGUMENT"] = Reasons.SpecRefused,
        ["PERMISSION_DENIED"] = Reasons.SpecRefused,
        ["NETWORK_NOT_ALLOWED"] = Reasons.SpecRefused,
        ["GUEST_STOPPED"] = Reasons.GuestFailed,
        ["GUEST_NOT_READY"] = Reasons.GuestFailed,
        ["GUEST_NOT_SUITABLE"] = Reasons.GuestFailed,
        ["GUEST_AGENT_FAILED"] = Reasons.GuestFailed,
        ["WARM_UP_FAILED"] = Reasons.WarmUpFailed,
    };

    public static BuildFailure From(TemplatingClientException error)
    {
        var reason = Known.GetValueOrDefault(error.Reason)
            ?? (error.Code is StatusCode.Unavailable or StatusCode.DeadlineExceeded && error.Reason.Length == 0 ? Reasons.NodeUnreachable : Reasons.BuildFailed);
        var violations = string.Concat(error.Violations.Select(violation => $" {violation.Field}: {violation.Description}"));
        return new BuildFailure(reason, error.Message + violations);
    }
}
