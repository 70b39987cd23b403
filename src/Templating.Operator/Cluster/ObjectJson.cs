using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>
/// How what the API server says is read: KubernetesClient's way, but without what nobody here looks at, so that it is never made,
/// and with one instance of each short text that comes again (<see cref="SharedTexts"/>).
/// </summary>
internal static class ObjectJson
{
    /// <summary>
    /// Of a pod its node, its status, and whether its containers are started again; of a daemon's also where it listens. The rest of
    /// its spec follows from its VMPool or VMClone. A node's list of images alone can be 50 KiB.
    /// </summary>
    private static readonly Dictionary<Type, HashSet<string>> Kept = new()
    {
        [typeof(V1PodSpec)] = ["nodeName", "restartPolicy", "activeDeadlineSeconds", "containers"],
        [typeof(V1Container)] = ["name", "restartPolicy", "ports"],
        [typeof(V1PodStatus)] = ["phase", "reason", "message", "podIP", "conditions", "initContainerStatuses", "containerStatuses"],
        [typeof(V1NodeStatus)] = ["conditions", "allocatable"],
    };

    private static readonly JsonSerializerOptions Options = Create();

    public static T Read<T>(Stream content) => JsonSerializer.Deserialize<T>(content, Options)!;

    public static T Read<T>(JsonElement content) => content.Deserialize<T>(Options)!;

    private static JsonSerializerOptions Create()
    {
        JsonSerializerOptions? options = null;
        KubernetesJson.AddJsonOptions(clients => options = new JsonSerializerOptions(clients));
        options!.TypeInfoResolver = (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(LeaveOut);
        options.Converters.Add(new SharedTexts());
        return options;
    }

    private static void LeaveOut(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0; i--)
        {
            // Half of an object's size are its managed fields.
            var name = type.Properties[i].Name;
            if ((type.Type == typeof(V1ObjectMeta) && name == "managedFields") || (Kept.TryGetValue(type.Type, out var kept) && !kept.Contains(name)))
            {
                type.Properties.RemoveAt(i);
            }
        }
    }
}
