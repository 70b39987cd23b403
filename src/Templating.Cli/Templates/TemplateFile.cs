using Templating.V1;

namespace Templating.Cli.Templates;

/// <summary>What a file says of a template.</summary>
/// <param name="KeepRevisions">Older revisions to keep, where the file says so.</param>
internal sealed record TemplateFile(TemplateSpec Spec, int? KeepRevisions);
