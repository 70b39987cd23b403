using Templating.Contract;
using Templating.Shim.Errors;

namespace Templating.Shim.Options;

/// <summary>Whose VM a pod gets, and of which template.</summary>
/// <param name="Tenant">RFC 1123 label.</param>
/// <param name="Template">tenants/{tenant}/templates/{template}, or with a revision.</param>
/// <param name="SandboxId">What the daemon calls it; see <see cref="SandboxIds"/>.</param>
internal sealed record PodIdentity(string Tenant, string Template, string SandboxId)
{
    public const string TemplateAnnotation = "templating.dev/template";
    public const string NamespaceAnnotation = CriAnnotations.SandboxNamespace;

    /// <summary>The daemon's name of the sandbox.</summary>
    public string SandboxName => $"tenants/{Tenant}/clones/{SandboxId}";

    /// <param name="options">The runtime handler's.</param>
    /// <param name="containerdNamespace">k8s.io with Kubernetes.</param>
    /// <param name="group">The sandbox's id, or the container's own where there is no sandbox.</param>
    /// <param name="annotations">Of the sandbox's config.json.</param>
    /// <exception cref="ShimException">InvalidArgument: a name that is none, or an annotation that is not allowed.</exception>
    public static PodIdentity Of(ShimOptions options, string containerdNamespace, string group, IReadOnlyDictionary<string, string> annotations)
    {
        // CRI sets it behind what it passes on of the pod's own annotations (WithAnnotation(SandboxNamespace, ...) in 1.6, 1.7 and 2.x), so
        // that no pod's author can say another one.
        var tenant = annotations.TryGetValue(NamespaceAnnotation, out var podNamespace) ? podNamespace
            : options.Tenant.Length > 0 ? options.Tenant
            : containerdNamespace;
        if (!Labels.IsLabel(tenant))
        {
            throw ShimException.Invalid(
                $"The pod's tenant is {Quote.Text(tenant)}; a Kubernetes namespace is expected (1 to {Labels.MaxLength} of a-z, 0-9 and '-', with no '-' at the ends). "
                + "Without Kubernetes it is containerd's namespace, or the option 'tenant' of the runtime handler.");
        }

        var template = options.Template;
        if (annotations.TryGetValue(TemplateAnnotation, out var named))
        {
            if (!options.AllowPodTemplate)
            {
                throw ShimException.Invalid(
                    $"The pod has the annotation {TemplateAnnotation}, and this node's runtime handler does not let pods choose: take it away, or set 'allow_pod_template = true' in the handler's options.");
            }

            template = Settings.FindTemplateProblem(named) is { } problem ? throw ShimException.Invalid($"The pod's annotation {TemplateAnnotation}: {problem}") : named;
        }

        return new PodIdentity(
            tenant, $"tenants/{tenant}/templates/{template.Replace("@", "/revisions/", StringComparison.Ordinal)}", SandboxIds.Of(containerdNamespace, group));
    }
}
