using System.Text.Json.Serialization;
using k8s.Models;

namespace Templating.Kubernetes.Calls;

/// <summary>
/// What every call may answer with. Generated, and not KubernetesClient's own JSON: that falls back on reflection, which an
/// executable without a JIT cannot.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WatchFrame))]
[JsonSerializable(typeof(V1Status))]
internal sealed partial class CallContext : JsonSerializerContext;
