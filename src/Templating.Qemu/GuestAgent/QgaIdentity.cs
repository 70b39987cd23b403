using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

internal static class QgaIdentity
{
    public static Task<IdentityConfirmation> SetAsync(
        QgaClient agent, GuestIdentity identity, TimeProvider clock, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
