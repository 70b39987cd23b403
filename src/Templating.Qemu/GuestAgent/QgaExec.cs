using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

internal static class QgaExec
{
    public static IAsyncEnumerable<ExecOutput> RunAsync(
        QgaClient agent, GuestCommand command, IAsyncEnumerable<ReadOnlyMemory<byte>>? input, TimeProvider clock,
        CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
