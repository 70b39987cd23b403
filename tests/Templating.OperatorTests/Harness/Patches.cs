using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;

namespace Templating.OperatorTests.Harness;

/// <summary>
/// Merge patches of anonymous types, where null means "take away": nulls of dictionaries, nodes and anonymous types are written;
/// those within the models' types are not, as everywhere else.
/// </summary>
internal static class Patches
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new Models() } };

    public static JsonObject Of(object patch) => JsonSerializer.SerializeToNode(patch, Options)!.AsObject();

    private sealed class Models : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) =>
            typeToConvert.Assembly == typeof(V1Pod).Assembly || typeToConvert.Assembly == typeof(VMClone).Assembly
            || typeToConvert == typeof(DateTime);

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(Model<>).MakeGenericType(typeToConvert))!;
    }

    private sealed class Model<T> : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteRawValue(KubernetesJson.Serialize(value));
    }
}
