using System.Runtime.InteropServices;

namespace Templating.IntegrationTests.Qemu;

internal static partial class Signals
{
    public static void Kill(int pid) => Send(pid, 9).ShouldBe(0);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int pid, int signal);
}
