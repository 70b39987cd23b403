using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Cluster;

/// <summary>
/// All that is read or written as JSON, in KubernetesClient's way. Its own JSON knows all kinds there are, hundreds, and falls
/// back on reflection for others.
/// </summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters = [typeof(KubernetesJson.Iso8601TimeSpanConverter), typeof(KubernetesJson.KubernetesDateTimeConverter), typeof(KubernetesJson.KubernetesDateTimeOffsetConverter)])]
[JsonSerializable(typeof(ItemList<VMTemplate>))]
[JsonSerializable(typeof(ItemList<VMPool>))]
[JsonSerializable(typeof(ItemList<VMClone>))]
[JsonSerializable(typeof(ItemList<V1Pod>))]
[JsonSerializable(typeof(ItemList<V1Node>))]
[JsonSerializable(typeof(ItemList<V1CSINode>))]
[JsonSerializable(typeof(ItemList<Corev1Event>))]
[JsonSerializable(typeof(V1Secret))]
[JsonSerializable(typeof(V1ConfigMap))]
[JsonSerializable(typeof(V1Lease))]
[JsonSerializable(typeof(V1DaemonSet))]
[JsonSerializable(typeof(V1DeleteOptions))]
[JsonSerializable(typeof(V1Status))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ObjectContext : JsonSerializerContext;
