using Templating.Core.Store;

namespace Templating.Core.Building;

/// <summary>What systemctl lists, read from a guest that may say anything: so many of so long names, and no more.</summary>
internal static class SystemdUnits
{
    /// <summary>Of lines <c>UNIT LOAD ACTIVE SUB DESCRIPTION</c>, the units. A bullet may stand before them.</summary>
    public static IReadOnlyList<string> Failed(string text) =>
        [.. Lines(text).Select(words => words.FirstOrDefault(IsName)).OfType<string>().Take(StoreLimits.FailedUnits)];

    /// <summary>Of lines <c>JOB UNIT TYPE STATE</c>, <c>UNIT (TYPE STATE)</c>: first those that run, for the others wait for them.</summary>
    public static IReadOnlyList<string> Jobs(string text) =>
    [
        .. Lines(text).Where(words => words.Length >= 4 && IsName(words[1]))
            .OrderBy(words => words[3] is "running" ? 0 : 1)
            .Select(words => $"{words[1]} ({Short(words[2])} {Short(words[3])})")
            .Take(StoreLimits.FailedUnits),
    ];

    /// <summary>A sentence with a space after it; empty where there is nothing.</summary>
    public static string Words(string title, IReadOnlyList<string> units) => units.Count == 0 ? "" : $"{title}: {string.Join(", ", units)}. ";

    private static IEnumerable<string[]> Lines(string text) =>
        text.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string Short(string word) => word.Length <= 32 ? word : word[..32];

    /// <summary>Each has a type (<c>ssh.service</c>), and the characters that systemd allows (systemd.unit(5)).</summary>
    private static bool IsName(string word) =>
        word.Length is > 2 and <= StoreLimits.UnitName && word.Contains('.', StringComparison.Ordinal) && word.All(c => char.IsAsciiLetterOrDigit(c) || @":-_.\@".Contains(c, StringComparison.Ordinal));
}
