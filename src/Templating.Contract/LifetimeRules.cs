namespace Templating.Contract;

/// <summary>Limits of what makes a clone end by itself.</summary>
public static class LifetimeRules
{
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan Most = TimeSpan.FromDays(365);
}
