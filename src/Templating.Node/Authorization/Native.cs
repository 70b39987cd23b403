using System.Runtime.InteropServices;

namespace Templating.Node.Authorization;

internal static partial class Native
{
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUserId();
}
