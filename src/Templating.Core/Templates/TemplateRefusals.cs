using Templating.Core.Errors;
using Templating.Core.Names;

namespace Templating.Core.Templates;

/// <summary>Refusals that more than one use case gives, in the same words.</summary>
internal static class TemplateRefusals
{
    /// <param name="template">The template asked for.</param>
    /// <param name="revision">The revision asked for; null for the newest.</param>
    public static TemplatingException NotFound(TemplateName template, string? revision)
    {
        var wanted = revision is null ? template.ToString() : new RevisionName(template, revision).ToString();
        return new TemplatingException(
            ErrorCode.TemplateNotFound, $"There is no {wanted} on this node. 'templating template list' shows those there are.");
    }
}
