using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.V1;

namespace Templating.Cli.Top;

/// <summary>Looks at a node's clones again and again, and remembers the look before.</summary>
internal sealed class TopLooks(CliContext context, string parent, string template, TopOrder order)
{
    private Dictionary<string, VmClone> _before = new(StringComparer.Ordinal);
    private long _at;

    public async Task<(Node Node, IReadOnlyList<TopRow> Rows)> LookAsync(CancellationToken cancellationToken)
    {
        var node = await context.Client.Node.GetNodeAsync(new GetNodeRequest(), deadline: context.Deadline, cancellationToken: cancellationToken);
        var clones = await context.Client.Clones.ListAllAsync(
            new ListClonesRequest { Parent = parent, Template = template, View = CloneView.Full }, context.Deadline, cancellationToken).ToListAsync(cancellationToken);
        var now = context.Host.Clock.GetTimestamp();
        var rows = TopRow.Of(clones, _before, context.Host.Clock.GetElapsedTime(_at, now));
        (_before, _at) = (clones.ToDictionary(clone => clone.Name, StringComparer.Ordinal), now);
        return (node, [.. TopRow.Sort(rows, order)]);
    }
}
