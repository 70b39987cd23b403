using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Images;
using Templating.Core.Pools;

namespace Templating.Node.Mapping;

/// <summary>The order of lists. The space between the parts sorts before every character of a name.</summary>
internal static class PageKeys
{
    public static string Of(CloneView clone) => $"{clone.Name.Tenant} {clone.Name.Id}";

    public static string Of(ImageView image) => $"{image.Tenant} {image.Digest}";

    public static string Of(PoolView pool) => $"{pool.Name.Tenant} {pool.Name.Id}";

    /// <summary>By tenant and name, newest first: a build under way, then by time downwards, then what has lost its manifest.</summary>
    public static string Of(TemplateView template)
    {
        var age = template.Manifest is { } manifest ? DateTimeOffset.MaxValue.UtcTicks - manifest.CreatedAt.UtcTicks
            : template.State == TemplateState.Building ? 0
            : long.MaxValue;
        return $"{template.Name.Template.Tenant} {template.Name.Template.Name} {age:D19} {template.Name.Revision}";
    }
}
