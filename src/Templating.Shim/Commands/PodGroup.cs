using System.Text.Json;
using Templating.Core.Linux;
using Templating.Shim.Errors;
using Templating.Shim.Options;
using Templating.Shim.Specs;

namespace Templating.Shim.Commands;

/// <summary>Which pod a container is of: all of a pod's containers have one shim.</summary>
/// <param name="Id">The sandbox's id, or the container's own where there is no sandbox.</param>
/// <param name="IsMember">It is one of a pod's containers and not the pod itself.</param>
internal sealed record PodGroup(string Id, bool IsMember)
{
    /// <param name="bundle">Whose config.json says it.</param>
    /// <param name="id">The container's.</param>
    /// <exception cref="ShimException">The file is not what containerd writes.</exception>
    public static PodGroup Read(string bundle, string id)
    {
        var path = Path.Combine(bundle, BundleSpec.FileName);
        try
        {
            using var config = JsonDocument.Parse(SmallFile.Read(path, BundleSpec.MaxBytes));
            var sandbox = config.RootElement.ValueKind == JsonValueKind.Object
                && config.RootElement.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Object
                && annotations.TryGetProperty(CriAnnotations.SandboxId, out var named) && named.ValueKind == JsonValueKind.String
                    ? named.GetString()!
                    : "";
            return sandbox.Length == 0 ? new PodGroup(id, IsMember: false) : new PodGroup(sandbox, IsMember: sandbox != id);
        }
        catch (JsonException e)
        {
            throw ShimException.Invalid($"{path} is no JSON: {e.Message}");
        }
    }
}
