using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Base;
using Templating.Cli.Exits;

namespace Templating.Cli.Clones;

/// <summary>When a clone is to end by itself, by flags.</summary>
internal sealed class LifetimeFlags
{
    private readonly Option<TimeSpan?> _ttl = OptionKinds.Duration("--ttl", "End it so long from now: its guest is asked to power off, the clone is Stopped");
    private readonly Option<DateTimeOffset?> _expireAt = OptionKinds.Time("--expire-at", "End it at that time, instead of --ttl");
    private readonly Option<TimeSpan?> _idleLimit = OptionKinds.Duration("--idle-limit", "End it when nobody used it for so long; forwarded ports are not seen");

    public IReadOnlyList<System.CommandLine.Option> All => [_ttl, _expireAt, _idleLimit];

    public (Duration? Ttl, Timestamp? ExpireTime, Duration? IdleLimit) Read(CliContext context)
    {
        var (ttl, at) = (context.Get(_ttl), context.Get(_expireAt));
        return ttl is null || at is null
            ? (ttl?.ToDuration(), at?.ToTimestamp(), context.Get(_idleLimit)?.ToDuration())
            : throw new CliException(ExitCode.Usage, "--ttl counts from now, --expire-at names the time; leave one of them out.");
    }
}
