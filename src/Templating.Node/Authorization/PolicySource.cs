using Microsoft.Extensions.Options;
using Templating.Core.Capacity;
using Templating.Node.Files;
using Templating.Node.Options;

namespace Templating.Node.Authorization;

/// <summary>The policy in force. A changed file counts within a second; a bad one is logged and the last good one stays.</summary>
internal sealed class PolicySource(IOptions<NodeOptions> options, TimeProvider time, ILogger<PolicySource> logger) : ITenantLimits
{
    private readonly ReloadingFiles<Policy>? _file = options.Value.PolicyPath is not { } path ? null : new ReloadingFiles<Policy>(
        [path], contents => PolicyFile.Parse(contents[0]), TimeSpan.FromSeconds(1), time, e => Log.PolicyRefused(logger, path, e.Message));

    public Policy Current => _file?.Current ?? Policy.Default;

    /// <summary>Looks at the file now; false where it is faulty and the last good one stays.</summary>
    public bool Reload() => _file?.Reload() ?? true;

    public TenantLimits Of(string tenant) => Current.LimitsOf(tenant);

    public Caller Identify(Peer peer) => new(peer, Current.TenantsOf(peer));
}
