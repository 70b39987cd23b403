using Templating.V1;

namespace Templating.Cli.Templates;

/// <summary>What a file says of a template.</summary>
/// <param name="KeepRevisions">Older revisions to keep, where the file says so.</param>
/// <param name="Warm">How many VMs of it are to wait, where the file says so.</param>
internal sealed record TemplateFile(TemplateSpec Spec, int? KeepRevisions, PoolSizes? Warm = null);
