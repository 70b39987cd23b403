namespace Templating.Core.Diagnostics;

/// <summary>What made a clone end by itself.</summary>
public enum LifetimeLimit
{
    Ttl,
    ExpireTime,
    IdleLimit,
}
