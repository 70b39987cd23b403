using System.Collections.Concurrent;
using System.Reflection;
using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>Where the objects of a C# type live in the API.</summary>
internal sealed record ResourceType(string Group, string Version, string Kind, string Plural, bool Namespaced)
{
    private static readonly ConcurrentDictionary<Type, ResourceType> Known = new();

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public static ResourceType Of<T>()
        where T : class, IKubernetesObject<V1ObjectMeta> => Known.GetOrAdd(typeof(T), Read);

    /// <summary>Of all namespaces where that is empty, or of the cluster.</summary>
    public string Collection(string @namespace)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        return Namespaced && @namespace.Length > 0
            ? $"{root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}"
            : $"{root}/{Plural}";
    }

    public string Item(ObjectKey key) => $"{Collection(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";

    private static ResourceType Read(Type type)
    {
        var entity = type.GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new InvalidOperationException($"{type} has no {nameof(KubernetesEntityAttribute)}.");
        var isNamespaced = type != typeof(V1Node) && type != typeof(V1CSINode) && type != typeof(V1Namespace) && type != typeof(V1CustomResourceDefinition);
        return new ResourceType(entity.Group ?? "", entity.ApiVersion, entity.Kind, entity.PluralName, isNamespaced);
    }
}
