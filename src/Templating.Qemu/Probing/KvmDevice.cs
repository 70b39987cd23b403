namespace Templating.Qemu.Probing;

internal static class KvmDevice
{
    /// <summary>Why /dev/kvm cannot be opened; null where it can.</summary>
    public static string? FindProblem()
    {
        try
        {
            using var device = File.OpenHandle("/dev/kvm", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
