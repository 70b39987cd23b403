using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Output;
using Templating.Cli.Templates;
using Templating.V1;

namespace Templating.Cli.Clones;

internal sealed class CloneListCommand() : ListCommand<VmClone, WatchClonesResponse>(
    "clones",
    "Only clones of this template, or of one revision: NAME@REVISION",
    "Lists clones.",
    "templating clone list",
    "templating clone list --template web --wide",
    "templating clone list -o name | xargs templating clone stop",
    "templating clone list --watch")
{
    protected override IReadOnlyList<Column<VmClone>> Columns(TimeProvider clock, bool tenants) => CloneColumns.List(clock, tenants);

    protected override string NameOf(VmClone item) => item.Name;

    protected override Task<string> FilterAsync(CliContext context, string name, CancellationToken cancellationToken) =>
        RevisionNames.ResolveAsync(context, name, cancellationToken);

    protected override bool IsOf(VmClone item, string filter) =>
        string.Equals(item.Template, filter, StringComparison.Ordinal) || item.Template.StartsWith(filter + "/revisions/", StringComparison.Ordinal);

    protected override IAsyncEnumerable<VmClone> ListAsync(CliContext context, string parent, string filter, CancellationToken cancellationToken) =>
        context.Client.Clones.ListAllAsync(new ListClonesRequest { Parent = parent, Template = filter }, context.Deadline, cancellationToken);

    protected override IMessage Message(IReadOnlyList<VmClone> items) => new ListClonesResponse { Clones = { items } };

    protected override AsyncServerStreamingCall<WatchClonesResponse> Watch(CliContext context, string parent, CancellationToken cancellationToken) =>
        context.Client.Clones.WatchClones(new WatchClonesRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken);

    protected override (ChangeType Type, VmClone? Item) Open(WatchClonesResponse change) => (change.Type, change.Clone_);
}
