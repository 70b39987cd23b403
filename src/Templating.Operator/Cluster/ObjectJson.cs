using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>
/// How what the API server is told is written, and what it says is read: without what nobody here looks at, so that it is never
/// made, and with one instance of each short text that comes again (<see cref="SharedTexts"/>).
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

    private static readonly JsonSerializerOptions Reading = new(ObjectContext.Default.Options)
    {
        TypeInfoResolver = ObjectContext.Default.WithAddedModifier(LeaveOut),
        Converters = { new SharedTexts() },
    };

    public static T Read<T>(Stream content) => JsonSerializer.Deserialize(content, Info<T>(Reading))!;

    public static T Read<T>(JsonElement content) => content.Deserialize(Info<T>(Reading))!;

    public static string Write<T>(T item) => JsonSerializer.Serialize(item, Info<T>(ObjectContext.Default.Options));

    /// <summary>As a part of something else.</summary>
    public static JsonNode Node<T>(T item)
        where T : class => JsonSerializer.SerializeToNode(item, Info<T>(ObjectContext.Default.Options))!;

    /// <summary>What is written of a type of ours: its properties, by their names in JSON.</summary>
    public static JsonTypeInfo InfoOf(Type type) => ObjectContext.Default.Options.GetTypeInfo(type);

    private static JsonTypeInfo<T> Info<T>(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));

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
