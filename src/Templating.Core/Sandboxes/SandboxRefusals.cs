using Templating.Core.Clones;
using Templating.Core.Errors;

namespace Templating.Core.Sandboxes;

internal static class SandboxRefusals
{
    public static TemplatingException OwnerGone(int pid) => new(
        ErrorCode.SandboxOwnerGone, $"There is no process {pid} on the node that could own a sandbox. Name one that lives.");

    public static TemplatingException NotYours(int pid) => new(
        ErrorCode.PermissionDenied, $"The caller may not make process {pid} an owner: it is neither root, nor of that process's user, nor that process.");

    public static TemplatingException Owned(CloneName name) => new(
        ErrorCode.SandboxOwned, $"{name} is another process's, which lives. Choose another id, or release it.");

    public static TemplatingException OtherRequest(CloneName name) => new(
        ErrorCode.RequestIdReused, $"{name} was acquired by its owner with another request. Choose another id, or release it.");

    public static TemplatingException NotHeld(CloneName name, string why) => new(
        ErrorCode.IllegalState, $"{name} is not held by this call any more: {why}.");

    public static TemplatingException NoSandbox(CloneName name) => new(
        ErrorCode.CloneNotFound, $"{name} is no sandbox: nobody owns it. Use it as a clone: CloneService, 'templating clone'.");
}
