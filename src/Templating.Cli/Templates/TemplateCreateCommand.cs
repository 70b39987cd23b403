using System.CommandLine;
using System.Globalization;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Templates;

internal static class TemplateCreateCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "The template; an existing one gets a new revision" };
        var file = new Option<string?>("--file", "-f") { HelpName = "FILE", Description = "YAML or JSON file with the spec, or a VMTemplate of Kubernetes; - for standard input" };
        var flags = new TemplateSpecFlags();
        var requestId = OptionKinds.Text("--request-id", "UUID", "A retry with the same id returns the first result");
        var keep = KeepRevisions();
        var command = new CliCommand(
            "create",
            "Boots a VM, warms it up, freezes it and publishes it as a new revision.",
            "templating template create web -f web.yaml",
            "templating template create web --kernel /usr/share/templating/vmlinux --initrd /usr/share/templating/initrd \\",
            "    --image /usr/share/templating/rootfs.img --append 'console=ttyS0' --memory 512Mi --warm-up 'wget -qO- localhost'")
        {
            name, file, requestId, keep,
        };
        flags.AddTo(command);
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var written = context.Get(file) is { } path ? await SpecFile.ReadAsync(globals.Host, path, cancellationToken) : new TemplateFile(new TemplateSpec(), null);
            var spec = written.Spec;
            flags.Apply(context, spec);
            if (spec.Guest.KernelPath.Length == 0 && spec.Guest.Kernel is null)
            {
                throw new CliException(ExitCode.Usage, "A template needs a kernel: give --kernel, or --file with guest.kernel_path or guest.kernel.");
            }

            var request = new CreateTemplateRequest
            {
                Tenant = context.Tenant,
                Template = ObjectNames.Checked("template name", context.Get(name)),
                Spec = spec,
                RequestId = RequestIds.Checked(context.Get(requestId)),
            };
            if ((context.Get(keep) ?? written.KeepRevisions) is { } limit)
            {
                request.RevisionHistoryLimit = limit;
            }

            using var call = context.Client.Templates.CreateTemplate(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            var template = await BuildProgress.ShowAsync(context, call.ResponseStream, cancellationToken);
            context.Print(
                CliContext.Shown(TemplateColumns.List(globals.Host.Clock, tenants: false), wide: false), [template], template, t => t.Name);
            if (written.Warm is { } sizes)
            {
                await WarmAsync(context, request.Template, template, sizes, cancellationToken);
            }

            return ExitCode.Ok;
        });
    }

    private static async Task WarmAsync(CliContext context, string name, Template template, PoolSizes sizes, CancellationToken cancellationToken)
    {
        var pool = new Pool { Name = $"tenants/{context.Tenant}/pools/{name}", Template = $"tenants/{context.Tenant}/templates/{name}", Sizes = sizes };
        try
        {
            await context.Client.Pools.SetPoolAsync(new SetPoolRequest { Pool = pool }, deadline: context.Deadline, cancellationToken: cancellationToken);
        }
        catch (TemplatingClientException)
        {
            context.Note($"{template.Name} is published, but the pool that its file asks for is not set. Once it can be, 'templating pool set {name}' does that.");
            throw;
        }
    }

    private static Option<int?> KeepRevisions() => new("--keep-revisions")
    {
        HelpName = "N",
        Description = "Older revisions to keep where no clone uses them; -1 keeps all (default 2)",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || value < -1)
            {
                result.AddError($"--keep-revisions: '{text}' is not allowed; give a whole number from 0, or -1 for all.");
            }

            return value;
        },
    };
}
