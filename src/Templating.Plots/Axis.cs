namespace Templating.Plots;

/// <summary>From values to places along a line, and the marks on it.</summary>
internal sealed class Axis
{
    private const int AboutTicks = 6;

    /// <summary>From here on the small ones would be one spot on an even line.</summary>
    private const double WideRange = 10;

    private static readonly double[] Steps = [1, 2, 5];

    private readonly bool _logarithmic;

    private Axis(bool logarithmic, double[] ticks) => (_logarithmic, Ticks) = (logarithmic, ticks);

    /// <summary>The first and the last are the line's ends.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>Even, from zero to above the largest of them.</summary>
    public static Axis FromZero(IEnumerable<double> values) => Even(0, values.Max());

    /// <summary>Around them: even, or logarithmic where they are far apart.</summary>
    public static Axis Around(IReadOnlyCollection<double> values)
    {
        var (low, high) = (values.Min(), values.Max());
        return low > 0 && high / low > WideRange ? Logarithmic(low, high) : Even(low, high);
    }

    /// <summary>Where it is: 0 is the line's begin, 1 its end.</summary>
    public double Place(double value) => _logarithmic
        ? Math.Log(value / Ticks[0]) / Math.Log(Ticks[^1] / Ticks[0])
        : (value - Ticks[0]) / (Ticks[^1] - Ticks[0]);

    private static Axis Even(double low, double high)
    {
        // One value alone, or none but zero, has a neighbourhood as well.
        var span = high > low ? high - low : Math.Max(Math.Abs(high), 1);
        var power = Math.Pow(10, Math.Floor(Math.Log10(span / AboutTicks)));
        var step = Steps.Append(10).Select(s => s * power).First(s => span / s <= AboutTicks);
        var first = Math.Floor(low / step);
        var last = Math.Max(Math.Ceiling(high / step), first + 1);
        return new Axis(logarithmic: false, [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)]);
    }

    private static Axis Logarithmic(double low, double high)
    {
        var powers = Enumerable.Range((int)Math.Floor(Math.Log10(low)), (int)(Math.Ceiling(Math.Log10(high)) - Math.Floor(Math.Log10(low))) + 1);
        var marks = powers.SelectMany(power => Steps.Select(step => step * Math.Pow(10, power))).ToArray();
        var first = marks.Last(mark => mark <= low);
        var last = marks.First(mark => mark >= high);
        return new Axis(logarithmic: true, [.. marks.Where(mark => mark >= first && mark <= last)]);
    }
}
