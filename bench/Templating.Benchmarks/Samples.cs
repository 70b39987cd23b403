namespace Templating.Benchmarks;

/// <summary>All samples of a run, by name, in the order in which they were taken.</summary>
internal sealed class Samples
{
    private readonly Dictionary<string, List<double>> _byName = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, List<double>>> All => _byName;

    public IReadOnlyList<double> this[string name] => _byName[name];

    public void Add(string name, double value)
    {
        if (!_byName.TryGetValue(name, out var values))
        {
            _byName[name] = values = [];
        }

        values.Add(value);
    }

    public void AddAll(string name, IEnumerable<double> values)
    {
        foreach (var value in values)
        {
            Add(name, value);
        }
    }

    /// <summary>Milliseconds of each of a clone's phases.</summary>
    public void AddPhases(string prefix, IEnumerable<(string Name, TimeSpan Duration)> phases)
    {
        foreach (var (name, duration) in phases)
        {
            Add(prefix + name, duration.TotalMilliseconds);
        }
    }

    public bool Has(string name) => _byName.ContainsKey(name);

    public int Count(string name) => _byName[name].Count;

    public double Median(string name) => Median(_byName[name]);

    /// <summary>
    /// The median of a/b over the rounds: the two of a round ran next to each other, so that the machine's other load
    /// bears on both, which it does not on two medians of a whole run.
    /// </summary>
    public double PairedRatio(string a, string b) => Median(_byName[a].Zip(_byName[b], (x, y) => x / y));

    public double Ratio(string a, string b) => Median(a) / Median(b);

    public double Mean(string name) => _byName[name].Average();

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    public double Last(string name) => _byName[name][^1];

    public double Least(string name) => _byName[name].Min();

    /// <summary>Nearest rank.</summary>
    public double Percentile(string name, double share)
    {
        var sorted = _byName[name].Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
