using System.Text.Json.Serialization;
using Templating.Kubernetes.Resources;

namespace Templating.Kubernetes;

/// <summary>What <see cref="Revisions"/> digests.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(VMGuest))]
[JsonSerializable(typeof(VMMachine))]
[JsonSerializable(typeof(VMNetwork))]
[JsonSerializable(typeof(VMReadiness))]
[JsonSerializable(typeof(VMPodTemplate))]
[JsonSerializable(typeof(List<VMEnvironmentVariable>))]
[JsonSerializable(typeof(VMValueSource))]
[JsonSerializable(typeof(List<VMFile>))]
[JsonSerializable(typeof(List<VMPort>))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(DateTime?))]
internal sealed partial class EssenceContext : JsonSerializerContext;
