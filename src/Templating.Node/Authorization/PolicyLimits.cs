using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Templating.Contract;
using Templating.Core.Capacity;

namespace Templating.Node.Authorization;

/// <summary>
/// What tenants may take of the node, as the policy file says it. A tenant's own entry goes before the default's, field by field,
/// and that before what holds without a policy.
/// </summary>
internal sealed class PolicyLimits(TenantLimits others, FrozenDictionary<string, TenantLimits> named)
{
    public const string Field = "limits";

    private const string PortsRule = $"a port or a range such as \"8000-8099\", from 1 to 65535";

    private static readonly Dictionary<string, Func<JsonElement, TenantLimits, TenantLimits>> Fields = new(StringComparer.Ordinal)
    {
        ["vms"] = (value, limits) => limits with { Vms = Count(value, 0) },
        ["memoryBytes"] = (value, limits) => limits with { MemoryBytes = Bytes(value) },
        ["builds"] = (value, limits) => limits with { Builds = Count(value, 1) },
        ["storeBytes"] = (value, limits) => limits with { StoreBytes = Bytes(value) },
        ["downloadBytes"] = (value, limits) => limits with { DownloadBytes = Bytes(value) },
        ["execs"] = (value, limits) => limits with { Execs = Count(value, 1) },
        ["outbound"] = (value, limits) => limits with { Outbound = Flag(value) },
    };

    private static readonly string[] Known = [.. Fields.Keys, "forwards"];

    /// <summary>What holds without a policy.</summary>
    public static PolicyLimits None { get; } = new(new TenantLimits(), FrozenDictionary<string, TenantLimits>.Empty);

    public TenantLimits Of(string tenant) => named.GetValueOrDefault(tenant, others);

    /// <param name="root">Of the policy file.</param>
    /// <param name="faults">Gets every fault.</param>
    public static PolicyLimits Read(JsonElement root, List<string> faults)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(Field, out var limits) || !IsObject(limits, Field, faults))
        {
            return None;
        }

        PolicyFile.RefuseUnknown(limits, Field + ".", ["default", "tenants"], faults);
        var others = limits.TryGetProperty("default", out var rest) ? ReadOne(rest, $"{Field}.default", new TenantLimits(), faults) : new TenantLimits();
        var named = new Dictionary<string, TenantLimits>(StringComparer.Ordinal);
        if (limits.TryGetProperty("tenants", out var tenants) && IsObject(tenants, $"{Field}.tenants", faults))
        {
            foreach (var tenant in tenants.EnumerateObject())
            {
                var path = $"{Field}.tenants.{tenant.Name}";
                if (!Labels.IsLabel(tenant.Name))
                {
                    faults.Add($"{path}: its name must be an RFC 1123 label.");
                }

                named[tenant.Name] = ReadOne(tenant.Value, path, others, faults);
            }
        }

        return new PolicyLimits(others, named.ToFrozenDictionary(StringComparer.Ordinal));
    }

    private static TenantLimits ReadOne(JsonElement element, string path, TenantLimits limits, List<string> faults)
    {
        if (!IsObject(element, path, faults))
        {
            return limits;
        }

        PolicyFile.RefuseUnknown(element, path + ".", Known, faults);
        foreach (var property in element.EnumerateObject())
        {
            try
            {
                limits = Fields.TryGetValue(property.Name, out var read) ? read(property.Value, limits) : limits;
            }
            catch (FormatException e)
            {
                faults.Add($"{path}.{property.Name}: {e.Message}");
            }
        }

        return element.TryGetProperty("forwards", out var forwards) ? limits with { Forwards = ReadForwards(forwards, $"{path}.forwards", faults) } : limits;
    }

    private static List<HostPorts> ReadForwards(JsonElement list, string path, List<string> faults)
    {
        var found = new List<HostPorts>();
        if (list.ValueKind != JsonValueKind.Array)
        {
            faults.Add($"{path}: it must be a list; an empty one allows none.");
            return found;
        }

        foreach (var (index, entry) in list.EnumerateArray().Index())
        {
            var at = $"{path}[{index}]";
            if (!IsObject(entry, at, faults))
            {
                continue;
            }

            PolicyFile.RefuseUnknown(entry, at + ".", ["addresses", "ports"], faults);
            var addresses = ReadAddresses(entry, at, faults);
            var ports = ReadPorts(entry, at, faults);
            if (addresses is { } network && ports is var (first, last))
            {
                found.Add(new HostPorts(network, first, last));
            }
        }

        return found;
    }

    private static IPNetwork? ReadAddresses(JsonElement entry, string path, List<string> faults)
    {
        // Written as it reads back: a network with bits of a host in it means less, or more, than it seems to.
        if (Text(entry, "addresses") is { } text && (text.Contains('/', StringComparison.Ordinal) ? text : text + "/32") is var cidr
            && IPNetwork.TryParse(cidr, out var network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
            && string.Equals(network.ToString(), cidr, StringComparison.Ordinal))
        {
            return network;
        }

        faults.Add($"{path}.addresses: it must be an IPv4 address or a network such as \"127.0.0.0/8\".");
        return null;
    }

    private static (int First, int Last)? ReadPorts(JsonElement entry, string path, List<string> faults)
    {
        var parts = Text(entry, "ports")?.Split('-', 2) ?? [];
        if (parts.Length > 0 && Port(parts[0]) is { } first && Port(parts[^1]) is { } last && first <= last)
        {
            return (first, last);
        }

        faults.Add($"{path}.ports: it must be {PortsRule}.");
        return null;
    }

    private static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= ForwardRules.MaxPort ? port : null;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int Count(JsonElement value, int least) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= least
            ? count
            : throw new FormatException($"it must be a number from {least} to {int.MaxValue}.");

    private static long Bytes(JsonElement value) =>
        (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var bytes) && bytes >= 0)
        || (value.ValueKind == JsonValueKind.String && ByteSize.TryParse(value.GetString()!, out bytes))
            ? bytes
            : throw new FormatException($"it must be {ByteSize.Allowed}, from 0 to {long.MaxValue}.");

    private static bool Flag(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? value.ValueKind == JsonValueKind.True
        : throw new FormatException("it must be true or false.");

    private static bool IsObject(JsonElement element, string path, List<string> faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"{path}: it must be an object.");
        }

        return element.ValueKind == JsonValueKind.Object;
    }
}
