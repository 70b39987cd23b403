using System.Text;
using System.Text.Json;
using Templating.Contract;

namespace Templating.Node.Authorization;

/// <summary>
/// Reads a policy file. Unknown fields are faults: a misspelt rule must not silently grant less, or more.
/// <code>
/// { "version": 1,
///   "acceptCertificateTenants": true,
///   "rules": [ { "uid": 1000, "tenants": ["team-a"] },
///              { "gid": 990, "tenants": ["*"] },
///              { "commonName": "node-shim", "tenants": ["team-a", "team-b"] },
///              { "uri": "spiffe://example.org/operator", "tenants": ["*"] } ],
///   "limits": { "default": { "vms": 20 }, "tenants": { "team-a": { "memoryBytes": 17179869184 } } } }
/// </code>
/// </summary>
internal static class PolicyFile
{
    private static readonly string[] Criteria = ["uid", "gid", "commonName", "uri"];

    /// <exception cref="FormatException">Every fault, a line each.</exception>
    public static Policy Parse(ReadOnlyMemory<byte> json)
    {
        var faults = new List<string>();
        var rules = new List<PolicyRule>();
        var accept = true;
        var limits = PolicyLimits.None;
        try
        {
            using var document = JsonTexts.Parse(Encoding.UTF8.GetBytes(WrittenText.Read(json.Span)), new JsonDocumentOptions { AllowDuplicateProperties = false });
            accept = ReadRoot(document.RootElement, rules, faults);
            limits = PolicyLimits.Read(document.RootElement, faults);
        }
        catch (JsonException e)
        {
            faults.Add($"It is not JSON: {e.Message}");
        }

        return faults.Count == 0 ? new Policy(rules, accept, limits) : throw new FormatException(string.Join('\n', faults));
    }

    private static bool ReadRoot(JsonElement root, List<PolicyRule> rules, List<string> faults)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            faults.Add("It must be a JSON object.");
            return true;
        }

        RefuseUnknown(root, "", ["version", "acceptCertificateTenants", "rules", PolicyLimits.Field], faults);
        if (!root.TryGetProperty("version", out var version) || version.ValueKind != JsonValueKind.Number
            || !version.TryGetInt32(out var number) || number != 1)
        {
            faults.Add("version: it must be 1.");
        }

        var accept = true;
        if (root.TryGetProperty("acceptCertificateTenants", out var flag))
        {
            accept = flag.ValueKind == JsonValueKind.True;
            if (flag.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                faults.Add("acceptCertificateTenants: it must be true or false.");
            }
        }

        if (!root.TryGetProperty("rules", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            faults.Add("rules: it must be a list.");
            return accept;
        }

        foreach (var (index, rule) in list.EnumerateArray().Index())
        {
            if (ReadRule(rule, $"rules[{index}]", faults) is { } read)
            {
                rules.Add(read);
            }
        }

        return accept;
    }

    private static PolicyRule? ReadRule(JsonElement rule, string path, List<string> faults)
    {
        if (rule.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"{path}: it must be an object.");
            return null;
        }

        RefuseUnknown(rule, path + ".", [.. Criteria, "tenants"], faults);
        var tenants = ReadTenants(rule, path, faults);
        var criteria = Criteria.Where(name => rule.TryGetProperty(name, out _)).ToList();
        if (criteria.Count != 1)
        {
            faults.Add($"{path}: it must have exactly one of {string.Join(", ", Criteria)}.");
            return null;
        }

        var value = rule.GetProperty(criteria[0]);
        switch (criteria[0])
        {
            case "uid" or "gid" when value.ValueKind == JsonValueKind.Number && value.TryGetUInt32(out var id):
                return criteria[0] is "uid" ? new UidRule(id, tenants) : new GidRule(id, tenants);
            case "commonName" or "uri" when value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text:
                return criteria[0] is "uri" ? new UriRule(text, tenants) : new CommonNameRule(text, tenants);
            default:
                faults.Add($"{path}.{criteria[0]}: it must be {(criteria[0] is "uid" or "gid" ? "a number from 0 to 4294967295" : "a text")}.");
                return null;
        }
    }

    private static List<string> ReadTenants(JsonElement rule, string path, List<string> faults)
    {
        var tenants = new List<string>();
        if (!rule.TryGetProperty("tenants", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            faults.Add($"{path}.tenants: it must be a list of at least one tenant, or \"*\".");
            return tenants;
        }

        foreach (var (index, item) in list.EnumerateArray().Index())
        {
            if (item.ValueKind == JsonValueKind.String && item.GetString() is { } name && (name is "*" || Contract.Labels.IsLabel(name)))
            {
                tenants.Add(name);
            }
            else
            {
                faults.Add($"{path}.tenants[{index}]: it must be an RFC 1123 label or \"*\".");
            }
        }

        return tenants;
    }

    internal static void RefuseUnknown(JsonElement element, string path, IReadOnlyCollection<string> known, List<string> faults) =>
        faults.AddRange(element.EnumerateObject()
            .Where(property => !known.Contains(property.Name, StringComparer.Ordinal))
            .Select(property => $"{path}{property.Name}: unknown; known are {string.Join(", ", known)}."));
}
