using System.Text.RegularExpressions;

namespace Templating.Benchmarks;

/// <summary>The daemon's own command lines, changed where they name what is gone when the baseline runs.</summary>
internal static partial class CommandLines
{
    /// <summary>
    /// With the caller's kernel and initrd for the build's copies, a RAM file of the baseline's, and the forward that
    /// clones have and a build has not.
    /// </summary>
    public static IReadOnlyList<string> ForBoot(IReadOnlyList<string> argv, string kernel, string initrd, string memory)
    {
        var words = argv.ToArray();
        for (var i = 1; i < words.Length; i++)
        {
            words[i] = words[i - 1] switch
            {
                "-kernel" => kernel,
                "-initrd" => initrd,
                "-object" when words[i].Contains("id=ram,", StringComparison.Ordinal) => MemoryPath().Replace(words[i], $"mem-path={memory},"),
                "-netdev" => $"{words[i]},hostfwd=tcp:127.0.0.1:0-:{GuestTemplate.WebPort}",
                _ => words[i],
            };
        }

        return words;
    }

    [GeneratedRegex("mem-path=[^,]*,", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MemoryPath();
}
