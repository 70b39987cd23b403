using System.Globalization;
using System.Text.RegularExpressions;

namespace Templating.Benchmarks;

/// <summary>A VM's command line, and the files that it names by the numbers under which the VM has them open.</summary>
internal sealed partial record CommandLine(IReadOnlyList<string> Words, IReadOnlyDictionary<int, string> Files)
{
    /// <summary>Of a running process. The state is not among its files: QEMU gives that one another number when it starts.</summary>
    public static CommandLine Of(int pid) => Of(pid, Processes.Words(pid));

    public static CommandLine Of(int pid, IReadOnlyList<string> words) => new(
        words,
        words.SelectMany(word => Descriptor().Matches(word)).Select(NumberIn).Distinct()
            .ToDictionary(number => number, number => Processes.OpenFile(pid, number)));

    /// <summary>The number of the VM's RAM.</summary>
    public int Ram => NumberIn(Descriptor().Match(Words.First(word => word.Contains("id=ram,", StringComparison.Ordinal))));

    /// <summary>
    /// As the baseline starts it: with the caller's kernel and initrd for the build's copies, which are gone, a RAM file of the
    /// baseline's, and the forward that clones have and a build has not.
    /// </summary>
    public CommandLine ForBoot(string kernel, string initrd, string memory, int webPort)
    {
        var files = new Dictionary<int, string>(Files);
        files[NumberAfter("-kernel")] = kernel;
        files[NumberAfter("-initrd")] = initrd;
        files[Ram] = memory;
        var forward = string.Create(CultureInfo.InvariantCulture, $",hostfwd=tcp:127.0.0.1:0-:{webPort}");
        return new CommandLine([.. Words.Select((word, i) => i > 0 && Words[i - 1] == "-netdev" ? word + forward : word)], files);
    }

    private int NumberAfter(string option) =>
        NumberIn(Descriptor().Match(Words.SkipWhile(word => word != option).ElementAtOrDefault(1)
            ?? throw new BenchmarkException($"A build's QEMU has no {option}.")));

    private static int NumberIn(Match match) => match.Success
        ? int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture)
        : throw new BenchmarkException("A file of a VM is not named by a descriptor.");

    [GeneratedRegex("/proc/self/fd/(?<number>[0-9]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Descriptor();
}
