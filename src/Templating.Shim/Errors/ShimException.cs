using Grpc.Core;

namespace Templating.Shim.Errors;

/// <summary>A refusal that containerd is told: ttrpc's codes are gRPC's.</summary>
internal sealed class ShimException(StatusCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public StatusCode Code { get; } = code;

    public static ShimException NotFound(string message) => new(StatusCode.NotFound, message);

    public static ShimException Invalid(string message) => new(StatusCode.InvalidArgument, message);

    /// <summary>What is there is not in a state for it.</summary>
    public static ShimException NotNow(string message) => new(StatusCode.FailedPrecondition, message);

    public static ShimException Unimplemented(string message) => new(StatusCode.Unimplemented, message);
}
