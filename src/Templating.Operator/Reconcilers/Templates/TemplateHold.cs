using System.Text.Json.Nodes;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>The finalizer that keeps a deleted VMTemplate until its files are gone from the nodes.</summary>
internal sealed class TemplateHold(ClusterWriter writer)
{
    public static bool Has(VMTemplate template) => template.Metadata.Finalizers?.Contains(Keys.TemplateFinalizer) == true;

    public async Task<VMTemplate> TakeAsync(VMTemplate template, CancellationToken cancellationToken) =>
        Has(template) ? template : await WriteAsync(template, [.. template.Metadata.Finalizers ?? [], Keys.TemplateFinalizer], cancellationToken);

    public Task ReleaseAsync(VMTemplate template, CancellationToken cancellationToken) =>
        WriteAsync(template, [.. template.Metadata.Finalizers.Where(finalizer => finalizer != Keys.TemplateFinalizer)], cancellationToken);

    private Task<VMTemplate> WriteAsync(VMTemplate template, string[] finalizers, CancellationToken cancellationToken) => writer.PatchAsync<VMTemplate>(
        ObjectKey.Of(template),
        new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = template.Metadata.ResourceVersion, ["finalizers"] = MergePatch.List(finalizers) },
        },
        cancellationToken);
}
