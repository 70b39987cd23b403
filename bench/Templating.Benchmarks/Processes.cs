using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Templating.Benchmarks;

/// <summary>What /proc says, and signals.</summary>
internal static partial class Processes
{
    public const int SignalTerminate = 15;
    public const int SignalKill = 9;

    public static IReadOnlyList<string> Words(int pid) =>
        Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline")).TrimEnd('\0').Split('\0');

    /// <summary>Where that descriptor of another process leads to.</summary>
    public static string OpenFile(int pid, int descriptor) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd/{descriptor}")).LinkTarget
            ?? throw new BenchmarkException($"Process {pid} has no descriptor {descriptor}.");

    /// <summary>The first child whose command line has that word; null while there is none.</summary>
    public static CommandLine? ChildWith(int parent, string word)
    {
        foreach (var task in Directory.EnumerateDirectories($"/proc/{parent}/task"))
        {
            foreach (var child in ReadOrEmpty(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                // setpriv and prlimit carry the same words; QEMU is what remains when they have become it.
                var words = ReadOrEmpty($"/proc/{child}/cmdline").TrimEnd('\0').Split('\0');
                if (words.Contains(word, StringComparer.Ordinal) && words[0].Contains("qemu", StringComparison.Ordinal))
                {
                    return CommandLine.Of(int.Parse(child, CultureInfo.InvariantCulture), words);
                }
            }
        }

        return null;
    }

    public static long ResidentBytes(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Kibibytes(line) * 1024;
    }

    /// <summary>Pages that no other process has, of a process of whatever kind.</summary>
    public static long PrivateBytes(int pid) => File.ReadLines($"/proc/{pid}/smaps_rollup")
        .Where(l => l.StartsWith("Private_", StringComparison.Ordinal)).Sum(Kibibytes) * 1024;

    /// <summary>What all its threads ran, also those that ended. In steps of a hundredth of a second (proc(5): sysconf(_SC_CLK_TCK)).</summary>
    public static TimeSpan Cpu(int pid)
    {
        // After the name, which may have blanks and is in parentheses: utime and stime are fields 14 and 15.
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ", 2)[1].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }

    /// <returns>Whether there was such a process.</returns>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    /// <summary>The number in a line as <c>VmRSS:  12 kB</c>.</summary>
    public static long Kibibytes(string line) =>
        long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // It has just ended.
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
