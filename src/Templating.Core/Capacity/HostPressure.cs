using System.Globalization;

namespace Templating.Core.Capacity;

/// <summary>Of how much time programs of the host waited for something in the last ten seconds, in percent.</summary>
public sealed record PressureLimits
{
    public const double DefaultMemory = 10;

    public const double DefaultCpu = 80;

    /// <summary>For memory. 100: it never is too much.</summary>
    public double Memory { get; init; } = DefaultMemory;

    /// <summary>For a CPU. 100: it never is too much.</summary>
    public double Cpu { get; init; } = DefaultCpu;
}

/// <summary>
/// Whether the host is short of what more VMs would take, by the kernel's pressure stall information (Documentation/accounting/psi.rst). A kernel
/// without it tells nothing, and nothing is made of that.
/// </summary>
internal sealed class HostPressure(PressureLimits limits, string folder = "/proc/pressure")
{
    /// <summary>That the host is short of memory, in a sentence; null where it is not, or nobody knows.</summary>
    public string? FindMemory() => Over("memory", limits.Memory);

    /// <summary>The same of its CPUs.</summary>
    public string? FindCpu() => Over("cpu", limits.Cpu);

    /// <summary>The first line: <c>some avg10=0.47 avg60=0.71 avg300=0.44 total=16725071</c>.</summary>
    internal static double? Read(string text)
    {
        const string Average = "avg10=";
        var line = text.Split('\n', 2)[0].Split(' ');
        return line is ["some", ..] && Array.Find(line, word => word.StartsWith(Average, StringComparison.Ordinal)) is { } word
            && double.TryParse(word[Average.Length..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            ? percent
            : null;
    }

    private string? Over(string resource, double most)
    {
        try
        {
            return Read(File.ReadAllText(Path.Combine(folder, resource))) is { } found && found > most
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"The host is short of {resource}: programs waited for it {found:0} % of the last ten seconds, and the limit is {most:0} %.")
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A kernel without it, or with psi=0: then it is no file, or reading it is not supported.
            return null;
        }
    }
}
