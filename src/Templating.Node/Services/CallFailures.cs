using Templating.Core.Errors;

namespace Templating.Node.Services;

/// <summary>Failures that the services themselves find, not Core.</summary>
internal static class CallFailures
{
    public static TemplatingException ShuttingDown() => new(
        ErrorCode.ShuttingDown, "The node is stopping. Its clones live on; call again when its next daemon serves.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };
}
