namespace Templating.Benchmarks;

/// <summary>What is promised of a figure.</summary>
/// <param name="Limit">What it must not exceed, or not fall below.</param>
internal sealed record Target(string Name, double Limit, bool AtLeast, string Unit, double Measured)
{
    public bool Met => AtLeast ? Measured >= Limit : Measured <= Limit;
}
