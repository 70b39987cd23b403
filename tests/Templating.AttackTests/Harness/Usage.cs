using System.Globalization;

namespace Templating.AttackTests.Harness;

/// <summary>What a process has of what it could run out of.</summary>
/// <param name="MemoryBytes">Resident memory.</param>
/// <param name="PeakBytes">The most there was since <see cref="Forget"/>.</param>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Processor">Processor time so far.</param>
/// <param name="LogBytes">Size of its log.</param>
internal sealed record Usage(long MemoryBytes, long PeakBytes, int Descriptors, int Threads, TimeSpan Processor, long LogBytes)
{
    /// <summary>sysconf(_SC_CLK_TCK) on Linux.</summary>
    private const int TicksPerSecond = 100;

    public static Usage Read(int pid, string logFile)
    {
        var status = File.ReadLines($"/proc/{pid}/status").Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim());
        var times = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ');
        return new Usage(
            Kilobytes(status["VmRSS"]), Kilobytes(status["VmHWM"]), Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length,
            int.Parse(status["Threads"], CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds((double)(Number(times[11]) + Number(times[12])) / TicksPerSecond), new FileInfo(logFile).Length);
    }

    /// <summary>Lets <see cref="PeakBytes"/> begin anew: proc(5), clear_refs.</summary>
    public static void Forget(int pid) => File.WriteAllText($"/proc/{pid}/clear_refs", "5");

    private static long Kilobytes(string text) => Number(text.Split(' ')[0]) << 10;

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
