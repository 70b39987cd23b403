using System.Runtime.InteropServices;
using Templating.Core.Errors;

namespace Templating.Qemu.Base;

internal static class NativeError
{
    /// <summary>The failure of the system call just made, in words.</summary>
    public static TemplatingException Last(string what) => From(what, Marshal.GetLastPInvokeError());

    public static TemplatingException From(string what, int error) =>
        HostFailure.FindOfProcess(error, $"{what}: {Marshal.GetPInvokeErrorMessage(error)}")
            ?? new TemplatingException(ErrorCode.Internal, $"{what}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}).");
}
