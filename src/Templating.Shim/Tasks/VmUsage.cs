using System.Globalization;
using Templating.Core.Linux;

namespace Templating.Shim.Tasks;

/// <summary>What a VM's process has of the host.</summary>
/// <param name="MemoryBytes">Resident.</param>
/// <param name="CpuMicroseconds">Since it began.</param>
internal sealed record VmUsage(ulong MemoryBytes, ulong CpuMicroseconds)
{
    private const int MaxBytes = 4096;
    private const ulong MicrosecondsPerTick = 10_000; // USER_HZ is 100 on x86-64

    // Of proc_pid_stat(5), counted behind the name, which is in brackets and may have any character.
    private const int UserTicks = 11;
    private const int SystemTicks = 12;
    private const int ResidentPages = 21;

    /// <returns>Zeros where it has ended.</returns>
    public static VmUsage Read(int pid)
    {
        try
        {
            var text = System.Text.Encoding.ASCII.GetString(SmallFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"), MaxBytes));
            var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new VmUsage(Number(ResidentPages) * (ulong)Environment.SystemPageSize, (Number(UserTicks) + Number(SystemTicks)) * MicrosecondsPerTick);

            ulong Number(int index) => ulong.Parse(fields[index], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return new VmUsage(0, 0);
        }
    }
}
