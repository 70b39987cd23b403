using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace Templating.Kubernetes.Definitions;

/// <summary>A JSON tree as YAML, in the order it has; texts are quoted where YAML 1.1 or 1.2 reads anything else in them.</summary>
[RequiresUnreferencedCode(Reflection.Reason), RequiresDynamicCode(Reflection.Reason)]
internal static class YamlText
{
    private static readonly ISerializer Serializer = new SerializerBuilder().WithQuotingNecessaryStrings(quoteYaml1_1Strings: true).Build();

    public static string Of(JsonNode tree) => Serializer.Serialize(Plain(tree)!);

    private static object? Plain(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.Object => new OrderedDictionary<string, object?>(node.AsObject().Select(pair => KeyValuePair.Create(pair.Key, Plain(pair.Value))), StringComparer.Ordinal),
        JsonValueKind.Array => node.AsArray().Select(Plain).ToList(),
        JsonValueKind.String => node.GetValue<string>(),
        JsonValueKind.True or JsonValueKind.False => node.GetValue<bool>(),
        JsonValueKind.Number => node.Deserialize<decimal>(),
        _ => null,
    };
}
