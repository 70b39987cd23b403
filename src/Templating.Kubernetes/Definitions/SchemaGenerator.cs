using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Kubernetes.Schemas;

namespace Templating.Kubernetes.Definitions;

/// <summary>Structural OpenAPI schemas from types and their attributes.</summary>
[RequiresUnreferencedCode(Reflection.Reason), RequiresDynamicCode(Reflection.Reason)]
internal sealed class SchemaGenerator(bool withCel)
{
    public JsonObject Of(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ForeignSchemas.TryGet(type) is { } foreign)
        {
            return foreign;
        }

        if (Simple(type) is { } simple)
        {
            return simple;
        }

        if (type.IsGenericType && type.IsAssignableTo(typeof(IDictionary)))
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(type.GetGenericArguments()[1]) };
        }

        return type.IsGenericType && type.IsAssignableTo(typeof(IList)) ? List(type.GetGenericArguments()[0]) : Class(type);
    }

    /// <summary>A class's rules in CEL.</summary>
    public void AddRules(JsonObject schema, Type type)
    {
        if (withCel && type.GetCustomAttributes<CelAttribute>().ToList() is { Count: > 0 } rules)
        {
            schema["x-kubernetes-validations"] = new JsonArray(
                [.. rules.Select(rule => new JsonObject { ["rule"] = rule.Rule, ["message"] = rule.Message })]);
        }
    }

    private static JsonObject? Simple(Type type) =>
        type == typeof(string) ? new JsonObject { ["type"] = "string" }
        : type == typeof(int) ? new JsonObject { ["type"] = "integer", ["format"] = "int32" }
        : type == typeof(long) ? new JsonObject { ["type"] = "integer", ["format"] = "int64" }
        : type == typeof(double) ? new JsonObject { ["type"] = "number", ["format"] = "double" }
        : type == typeof(bool) ? new JsonObject { ["type"] = "boolean" }
        : type == typeof(DateTime) ? new JsonObject { ["type"] = "string", ["format"] = "date-time" }
        : null;

    private static string NameOf(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private JsonObject List(Type item)
    {
        var list = new JsonObject { ["type"] = "array", ["items"] = Of(item) };
        // Keyed by what tells their items apart, so that appliers own items and not the whole list.
        if ((item == typeof(V1Condition) ? "type" : item == typeof(VMTemplateNode) ? "name" : null) is { } key)
        {
            list["x-kubernetes-list-type"] = "map";
            list["x-kubernetes-list-map-keys"] = new JsonArray(key);
            list["items"]!["required"] ??= new JsonArray(key);
        }

        return list;
    }

    private JsonObject Class(Type type)
    {
        var schema = new JsonObject { ["type"] = "object" };
        var properties = type.GetProperties();
        if (properties.Where(property => property.IsDefined(typeof(RequiredAttribute))).Select(NameOf).ToArray() is { Length: > 0 } required)
        {
            schema["required"] = Names(required);
        }

        if (type.GetCustomAttribute<ExactlyOneOfAttribute>() is { } exactly)
        {
            schema["oneOf"] = new JsonArray([.. exactly.Properties.Select(name => new JsonObject { ["required"] = Names([name]) })]);
        }

        if (type.GetCustomAttribute<AtMostOneOfAttribute>() is { } most)
        {
            var pairs = most.Properties.SelectMany((a, i) => most.Properties.Skip(i + 1).Select(b => new JsonObject { ["required"] = Names([a, b]) }));
            schema["not"] = new JsonObject { ["anyOf"] = new JsonArray([.. pairs]) };
        }

        AddRules(schema, type);
        var described = new JsonObject();
        foreach (var property in properties)
        {
            described[NameOf(property)] = Property(property);
        }

        schema["properties"] = described;
        return schema;
    }

    private JsonObject Property(PropertyInfo property)
    {
        var schema = Of(property.PropertyType);
        foreach (var attribute in property.GetCustomAttributes())
        {
            Add(schema, attribute, schema["type"]?.GetValue<string>());
        }

        if (property.IsDefined(typeof(RequiredAttribute)) && property.PropertyType == typeof(string))
        {
            schema["minLength"] = 1;
        }

        return schema;
    }

    private static void Add(JsonObject schema, Attribute attribute, string? type)
    {
        switch (attribute)
        {
            case DescriptionAttribute description:
                schema["description"] = description.Description;
                break;
            case RangeAttribute range:
                schema["minimum"] = Convert.ToInt64(range.Minimum, CultureInfo.InvariantCulture);
                schema["maximum"] = Convert.ToInt64(range.Maximum, CultureInfo.InvariantCulture);
                break;
            case StringLengthAttribute length:
                schema["maxLength"] = length.MaximumLength;
                break;
            case RegularExpressionAttribute pattern:
                (type == "array" ? schema["items"]! : schema)["pattern"] = pattern.Pattern;
                break;
            case MaxEntriesAttribute most:
                schema[type == "array" ? "maxItems" : "maxProperties"] = most.Count;
                break;
            case MinEntriesAttribute least:
                schema[type == "array" ? "minItems" : "minProperties"] = least.Count;
                break;
            case AllowedTextAttribute allowed:
                schema["enum"] = Names(allowed.Values);
                break;
            case DefaultValueAttribute value:
                schema["default"] = JsonSerializer.SerializeToNode(value.Value);
                break;
            default:
                break;
        }
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);
}
