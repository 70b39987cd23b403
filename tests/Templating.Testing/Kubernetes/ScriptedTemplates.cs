using Grpc.Core;
using Templating.V1;

namespace Templating.Testing.Kubernetes;

/// <summary>A request id leads to its first result, as on a real node: a retry joins the build that runs.</summary>
internal sealed class ScriptedTemplates(Func<ServerCallContext, ScriptedNode> nodes) : TemplateService.TemplateServiceBase
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(ScriptedNode Node, string Id), Task<Template>> _requests = [];

    public override async Task CreateTemplate(
        CreateTemplateRequest request, IServerStreamWriter<CreateTemplateResponse> responseStream, ServerCallContext context)
    {
        var node = nodes(context);
        node.Builds.Enqueue(request);
        await responseStream.WriteAsync(new CreateTemplateResponse { Phase = "boot" });
        Task<Template> build;
        lock (_lock)
        {
            if (!_requests.TryGetValue((node, request.RequestId), out build!) || build.IsFaulted || build.IsCanceled)
            {
                _requests[(node, request.RequestId)] = build = BuildAsync(node, request, context.CancellationToken);
            }
        }

        await responseStream.WriteAsync(new CreateTemplateResponse { Phase = "done", Template = await build });
    }

    public override Task<DeleteTemplateResponse> DeleteTemplate(DeleteTemplateRequest request, ServerCallContext context)
    {
        var node = nodes(context);
        var all = node.TemplateHub.All.Where(template => template.Name.StartsWith(request.Name + "/", StringComparison.Ordinal)).ToList();
        if (all.Count == 0)
        {
            throw NodeRefusals.Make(StatusCode.NotFound, "TEMPLATE_NOT_FOUND", $"There is no '{request.Name}'.");
        }

        if (node.PodHub.All.Any(pod => pod.Template.StartsWith(request.Name + "/", StringComparison.Ordinal)))
        {
            throw NodeRefusals.Make(StatusCode.FailedPrecondition, "TEMPLATE_IN_USE", $"'{request.Name}' is in use.");
        }

        all.ForEach(template => node.TemplateHub.Remove(template.Name));
        node.Deleted.Enqueue(request.Name.Split('/')[^1]);
        return Task.FromResult(new DeleteTemplateResponse { Deleted = { all.Select(template => template.Name) } });
    }

    public override Task WatchTemplates(
        WatchTemplatesRequest request, IServerStreamWriter<WatchTemplatesResponse> responseStream, ServerCallContext context) =>
        nodes(context).TemplateHub.WatchAsync(
            (type, template) => responseStream.WriteAsync(new WatchTemplatesResponse { Type = type, Template = template }, context.CancellationToken),
            context.CancellationToken);

    private static async Task<Template> BuildAsync(ScriptedNode node, CreateTemplateRequest request, CancellationToken cancellationToken)
    {
        await node.OnBuild(request, cancellationToken);
        return node.AddTemplate(request.Tenant, request.Template);
    }
}
