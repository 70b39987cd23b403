using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Guests;
using Templating.V1;

namespace Templating.Cli.Clones;

/// <summary>What makes a clone differ, by flags.</summary>
internal sealed class CloneSpecFlags
{
    private readonly GuestInputFlags _inputs = new();
    private readonly LifetimeFlags _lifetime = new();
    private readonly Option<PortForward[]> _forwards = OptionKinds.Forwards("--forward", "A TCP port of the guest to reach from the host; replaces the template's network");
    private readonly Option<bool> _outbound = OptionKinds.Flag("--outbound", "With --forward: let the guest open connections outwards");
    private readonly Option<KeyValuePair<string, string>[]> _labels = OptionKinds.Pairs("--label", "A label for your own use", "-l");

    public void AddTo(CliCommand command)
    {
        _inputs.AddTo(command);
        System.CommandLine.Option[] all = [_forwards, _outbound, _labels, .. _lifetime.All];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    public async Task<CloneSpec> ReadAsync(CliContext context, string template, CancellationToken cancellationToken)
    {
        var (ttl, expireTime, idleLimit) = _lifetime.Read(context);
        var inputs = await _inputs.ReadAsync(context, cancellationToken);
        var spec = new CloneSpec
        {
            Template = template,
            Hostname = inputs.Hostname,
            Environment = { inputs.Environment },
            UserData = inputs.UserData,
            Files = { inputs.Files },
            IdentityTimeout = inputs.IdentityTimeout,
            Ttl = ttl,
            ExpireTime = expireTime,
            IdleLimit = idleLimit,
        };
        GuestInputFlags.Set("--label", spec.Labels, context.Get(_labels));
        if (context.Get(_forwards) is { Length: > 0 } forwards)
        {
            spec.Network = new NetworkSpec { Outbound = context.Get(_outbound), Forwards = { forwards } };
        }
        else if (context.Get(_outbound))
        {
            spec.Network = new NetworkSpec { Outbound = true };
        }

        return spec;
    }
}
