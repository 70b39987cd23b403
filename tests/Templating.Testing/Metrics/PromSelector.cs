namespace Templating.Testing.Metrics;

/// <summary>What an alert, a panel or a test of alerts asks Prometheus for.</summary>
/// <param name="File">Where it stands.</param>
/// <param name="Name">Of the series.</param>
/// <param name="Labels">They are to have these values.</param>
/// <param name="By">They are summed by these labels.</param>
public sealed record PromSelector(string File, string Name, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<string> By)
{
    public override string ToString() => $"{File}: {Name}{{{string.Join(',', Labels.Select(l => $"{l.Key}=\"{l.Value}\""))}}} by ({string.Join(", ", By)})";
}
