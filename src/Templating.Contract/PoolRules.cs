namespace Templating.Contract;

/// <summary>Limits of a pool's sizes.</summary>
public static class PoolRules
{
    /// <summary>VMs that may wait in one pool, of each kind.</summary>
    public const int MostWaiting = 1000;

    /// <summary>Pools of one tenant: each is looked at every second.</summary>
    public const int MostPools = 64;

    /// <param name="field">Of the sizes.</param>
    /// <param name="restored">VMs that wait restored.</param>
    /// <param name="prepared">VMs whose QEMU waits.</param>
    /// <param name="maxRestored">Up to how many restored ones follow the demand; 0 for none.</param>
    /// <param name="spare">Above the demand.</param>
    public static IEnumerable<FieldViolation> Check(string field, int restored, int prepared, int maxRestored, int spare)
    {
        foreach (var (name, value) in new[] { ("restored", restored), ("prepared", prepared), ("max_restored", maxRestored), ("spare", spare) })
        {
            if (value is < 0 or > MostWaiting)
            {
                yield return new FieldViolation($"{field}.{name}", $"{value} is not between 0 and {MostWaiting}.");
            }
        }

        if (maxRestored != 0 && maxRestored < restored)
        {
            yield return new FieldViolation($"{field}.max_restored", $"{maxRestored} is less than restored, {restored}; give that or more, or 0 to follow no demand.");
        }

        if (spare != 0 && maxRestored == 0)
        {
            yield return new FieldViolation($"{field}.spare", $"{spare} has no meaning without max_restored: it is kept above the demand that is followed.");
        }
    }
}
