using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneExtendCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var lifetime = new LifetimeFlags();
        var noExpiry = OptionKinds.Flag("--no-expiry", "Take the end by --ttl or --expire-at away");
        var noIdleLimit = OptionKinds.Flag("--no-idle-limit", "Take the end by --idle-limit away");
        var command = new CliCommand(
            "extend",
            "Changes when a clone ends by itself: later, sooner, or never.",
            "templating clone extend web-1 --ttl 10m",
            "templating clone extend web-1 --expire-at 2030-01-31T18:00:00Z --idle-limit 1h",
            "templating clone extend web-1 --no-expiry")
        {
            id, noExpiry, noIdleLimit,
        };
        foreach (var option in lifetime.All)
        {
            command.Add(option);
        }

        return globals.Run(command, async (context, cancellationToken) =>
        {
            var (ttl, expireTime, idleLimit) = lifetime.Read(context);
            var request = new ExtendCloneRequest
            {
                Name = ObjectNames.Clone(context.Tenant, context.Get(id)),
                Ttl = ttl,
                ExpireTime = expireTime,
                IdleLimit = idleLimit,
                NoExpiry = context.Get(noExpiry),
                NoIdleLimit = context.Get(noIdleLimit),
            };
            var clone = await context.Client.Clones.ExtendCloneAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.Print(CloneColumns.Extended(globals.Host.Clock), [clone], clone, c => c.Name);
            return ExitCode.Ok;
        });
    }
}
