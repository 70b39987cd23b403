using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Output;
using Templating.V1;

namespace Templating.Cli.Templates;

internal sealed class TemplateListCommand() : ListCommand<Template, WatchTemplatesResponse>(
    "templates",
    "Only revisions of this template",
    "Lists templates, each revision a row.",
    "templating template list",
    "templating template list --all-tenants --wide",
    "templating template list -o name",
    "templating template list --watch")
{
    protected override IReadOnlyList<Column<Template>> Columns(TimeProvider clock, bool tenants) => TemplateColumns.List(clock, tenants);

    protected override string NameOf(Template item) => item.Name;

    protected override Task<string> FilterAsync(CliContext context, string name, CancellationToken cancellationToken) => Task.FromResult(name);

    protected override bool IsOf(Template item, string filter) => string.Equals(item.Template_, filter, StringComparison.Ordinal);

    protected override IAsyncEnumerable<Template> ListAsync(CliContext context, string parent, string filter, CancellationToken cancellationToken) =>
        context.Client.Templates.ListAllAsync(parent, context.Deadline, cancellationToken);

    protected override IMessage Message(IReadOnlyList<Template> items) => new ListTemplatesResponse { Templates = { items } };

    protected override AsyncServerStreamingCall<WatchTemplatesResponse> Watch(CliContext context, string parent, CancellationToken cancellationToken) =>
        context.Client.Templates.WatchTemplates(new WatchTemplatesRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken);

    protected override (ChangeType Type, Template? Item) Open(WatchTemplatesResponse change) => (change.Type, change.Template);
}
