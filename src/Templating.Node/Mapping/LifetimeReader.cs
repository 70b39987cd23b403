using Google.Protobuf.WellKnownTypes;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>Reads when a clone is to end by itself.</summary>
internal static class LifetimeReader
{
    public static Lifetime Of(string prefix, V1.CloneSpec spec, DateTimeOffset now, Faults faults) =>
        Read(prefix, spec.Ttl, spec.ExpireTime, spec.IdleLimit, now, faults);

    public static (CloneName Name, Lifetime Change) Extend(V1.ExtendCloneRequest request, Caller caller, DateTimeOffset now)
    {
        var name = NameReader.Clone("name", request.Name, caller);
        var faults = new Faults();
        var change = Read("", request.Ttl, request.ExpireTime, request.IdleLimit, now, faults) with
        {
            NoExpiry = request.NoExpiry,
            NoIdleLimit = request.NoIdleLimit,
        };
        faults.Require(
            !request.NoExpiry || (request.Ttl is null && request.ExpireTime is null), "no_expiry", "It is set beside ttl or expire_time; leave one of them out.");
        faults.Require(!request.NoIdleLimit || request.IdleLimit is null, "no_idle_limit", "It is set beside idle_limit; leave one of them out.");
        faults.Require(
            request is not { Ttl: null, ExpireTime: null, IdleLimit: null, NoExpiry: false, NoIdleLimit: false }, "ttl",
            "Nothing is to be changed: set one of ttl, expire_time, idle_limit, no_expiry and no_idle_limit.");
        faults.ThrowIfAny();
        return (name, change);
    }

    private static Lifetime Read(string prefix, Duration? ttl, Timestamp? expireTime, Duration? idleLimit, DateTimeOffset now, Faults faults)
    {
        faults.Require(ttl is null || expireTime is null, prefix + "expire_time", "It is set beside ttl; leave one of them out.");
        return new Lifetime
        {
            Ttl = FieldReader.Duration(prefix + "ttl", ttl, LifetimeRules.Least, LifetimeRules.Most, faults),
            ExpireAt = FieldReader.FutureTime(prefix + "expire_time", expireTime, now, LifetimeRules.Most, faults),
            IdleLimit = FieldReader.Duration(prefix + "idle_limit", idleLimit, LifetimeRules.Least, LifetimeRules.Most, faults),
        };
    }
}
