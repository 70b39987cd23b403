using Grpc.Core;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Core.Building;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.Node.Options;
using Templating.V1;
using VerifyProgress = Templating.Core.Store.VerifyProgress;

namespace Templating.Node.Services;

internal sealed class TemplateService(ITemplateManager templates, CallLifetime lifetime, IOptions<NodeOptions> options)
    : V1.TemplateService.TemplateServiceBase
{
    public override async Task CreateTemplate(
        CreateTemplateRequest request, IServerStreamWriter<CreateTemplateResponse> responseStream, ServerCallContext context)
    {
        var create = TemplateReader.Create(request, context.Caller(), options.Value.ReadinessTimeout);
        BuildProgress? done = null;
        var view = await new Progress<BuildProgress>(capacity: 64).RunAsync(
            progress => templates.CreateAsync(create, progress, context.CancellationToken),
            step =>
            {
                if (step.Phase == BuildPhase.Done)
                {
                    done = step;
                    return Task.CompletedTask;
                }

                return responseStream.WriteAsync(TemplateWriter.ToWire(step), context.CancellationToken);
            });
        var last = TemplateWriter.ToWire(done ?? new BuildProgress(BuildPhase.Done, $"Published {view.Name}", TimeSpan.Zero));
        last.Template = TemplateWriter.ToWire(view);
        await responseStream.WriteAsync(last, context.CancellationToken);
    }

    public override Task<Template> GetTemplate(GetTemplateRequest request, ServerCallContext context)
    {
        var (template, revision) = NameReader.Template("name", request.Name, context.Caller());
        return Task.FromResult(TemplateWriter.ToWire(templates.Get(template, revision)));
    }

    public override Task<ListTemplatesResponse> ListTemplates(ListTemplatesRequest request, ServerCallContext context)
    {
        var faults = new Faults();
        var caller = context.Caller();
        var tenant = NameReader.Parent(request.Parent, caller, faults);
        var filter = $"templates {request.Parent}";
        var after = PageToken.Read(request.PageToken, filter, faults);
        var size = FieldReader.PageSize(request.PageSize, faults);
        faults.ThrowIfAny();

        var response = new ListTemplatesResponse();
        var visible = templates.List(tenant).Where(view => caller.Tenants.Contains(view.Name.Template.Tenant));
        response.Templates.AddRange(Pages.Cut(visible, PageKeys.Of, after, size, TemplateWriter.ToWire, out var next));
        response.NextPageToken = next is null ? "" : PageToken.Write(filter, next);
        return Task.FromResult(response);
    }

    public override async Task<DeleteTemplateResponse> DeleteTemplate(DeleteTemplateRequest request, ServerCallContext context)
    {
        var (template, revision) = NameReader.Template("name", request.Name, context.Caller());
        var deleted = await templates.DeleteAsync(template, revision, request.Force, context.CancellationToken);
        return new DeleteTemplateResponse { Deleted = { deleted.Select(name => name.ToString()) } };
    }

    public override async Task VerifyTemplate(
        VerifyTemplateRequest request, IServerStreamWriter<VerifyTemplateResponse> responseStream, ServerCallContext context)
    {
        var (template, revision) = NameReader.Template("name", request.Name, context.Caller());
        var outcome = await new Progress<VerifyProgress>(capacity: 1).RunAsync(
            progress => templates.VerifyAsync(template, revision, progress, context.CancellationToken),
            step => responseStream.WriteAsync(
                new VerifyTemplateResponse { File = step.File, DoneBytes = step.Done, TotalBytes = step.Total }, context.CancellationToken));
        await responseStream.WriteAsync(new VerifyTemplateResponse
        {
            Result = new VerifyResult
            {
                Name = outcome.Name.ToString(),
                Sound = outcome.Problems.Count == 0,
                Problems = { outcome.Problems },
            },
        }, context.CancellationToken);
    }

    public override Task WatchTemplates(
        WatchTemplatesRequest request, IServerStreamWriter<WatchTemplatesResponse> responseStream, ServerCallContext context) =>
        Watch.ServeAsync(
            lifetime, context, request.Parent, templates.WatchAsync, templates.List, view => view.Name.ToString(),
            // A build under way is not a template yet: it is ADDED when it is published.
            view => view.State == Core.Building.TemplateState.Building ? null : view.Name.Template.Tenant,
            (type, view, until) => responseStream.WriteAsync(
                new WatchTemplatesResponse { Type = type, Template = view is null ? null : TemplateWriter.ToWire(view) }, until));
}
