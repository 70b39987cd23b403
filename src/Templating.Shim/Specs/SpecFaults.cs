using Templating.Shim.Errors;

namespace Templating.Shim.Specs;

/// <summary>All that is wrong with one specification, told together: it ends in a pod's events, and nobody likes to meet it piece by piece.</summary>
internal sealed class SpecFaults
{
    /// <summary>An event has 1,024 bytes, and containerd's own words come before ours.</summary>
    private const int MaxTold = 4;

    private readonly List<string> _faults = [];

    /// <param name="fault">The field, what was found, why it cannot be, and what to do instead; without a full stop.</param>
    public void Add(string fault) => _faults.Add(fault);

    public void ThrowIfAny(string what)
    {
        if (_faults.Count == 0)
        {
            return;
        }

        var more = _faults.Count > MaxTold ? $"; and {_faults.Count - MaxTold} more" : "";
        throw ShimException.Invalid($"{what}: {string.Join("; ", _faults.Take(MaxTold))}{more}.");
    }
}
