using System.Text.Json.Nodes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;

namespace Templating.Shim.Specs;

/// <summary>A block device of the node that a container is to have: a volume by <c>volumeDevices</c>.</summary>
/// <param name="Path">In the container.</param>
/// <param name="Major">The node's.</param>
/// <param name="Minor">The node's.</param>
/// <param name="ReadOnly">Whether the specification's rules let the container only read it.</param>
internal sealed record BlockDevice(string Path, uint Major, uint Minor, bool ReadOnly)
{
    public (uint Major, uint Minor) Numbers => (Major, Minor);
}

/// <summary>
/// Block devices of a specification: the node numbers them, and the guest otherwise. A rule about block devices that is for none of them is not
/// taken over: in the guest those numbers are another device's.
/// </summary>
internal static class BlockDevices
{
    /// <summary>A VM has 16 ports, for images and cards, too.</summary>
    private const int Most = 8;

    private const int MaxDevices = 4096;
    private const int MaxPath = 4095;

    /// <summary>Of what is no standard device; nothing is wrong with a device whose path is.</summary>
    public static IReadOnlyList<BlockDevice> Of(BundleSpec spec)
    {
        var linux = spec.Document.Child("linux");
        var rules = linux.Child("resources").Children("devices", MaxDevices).ToList();
        return [.. linux.Children("devices", MaxDevices).Where(d => d.Text("type") == "b").Select(d => Read(d, rules))];
    }

    public static void Check(IReadOnlyList<BlockDevice> devices, SpecFaults faults)
    {
        if (devices.Count > Most)
        {
            faults.Add($"volumeDevices: {devices.Count} block devices were asked for, and a container in a VM has at most {Most}");
        }

        foreach (var device in devices.Where(d => d.Path.Length > MaxPath || !d.Path.StartsWith('/') || d.Path.Split('/').Contains("..")))
        {
            faults.Add($"volumeDevices: '{device.Path}' is no path for a device: name an absolute one without '..'");
        }
    }

    /// <summary>The guest's nodes, with the modes and owners of the node's.</summary>
    public static JsonArray Nodes(JsonObject linux, IReadOnlyDictionary<(uint, uint), DeviceNumbers> guest) => new([.. linux.Children("devices", MaxDevices)
        .Where(d => d.Text("type") == "b")
        .Select(d =>
        {
            var node = d.Keep("path", "type", "fileMode", "uid", "gid");
            var numbers = guest[(Number(d, "major"), Number(d, "minor"))];
            (node["major"], node["minor"]) = (numbers.Major, numbers.Minor);
            return (JsonNode)node;
        })]);

    public static JsonArray Rules(JsonObject resources, IReadOnlyDictionary<(uint, uint), DeviceNumbers> guest)
    {
        var kept = new JsonArray();
        foreach (var rule in resources.Children("devices", MaxDevices).Select(rule => rule.DeepClone().AsObject()))
        {
            if (rule.Text("type") == "b")
            {
                if (rule.Number("major") is not { } major || rule.Number("minor") is not { } minor
                    || !guest.TryGetValue(((uint)major, (uint)minor), out var numbers))
                {
                    continue;
                }

                (rule["major"], rule["minor"]) = (numbers.Major, numbers.Minor);
            }

            kept.Add((JsonNode)rule);
        }

        return kept;
    }

    private static BlockDevice Read(JsonObject device, List<JsonObject> rules)
    {
        var (major, minor) = (Number(device, "major"), Number(device, "minor"));
        var written = rules.Exists(rule =>
            rule.Flag("allow") && rule.Text("type") == "b" && rule.Number("major") == major && rule.Number("minor") == minor
            && (rule.Text("access") ?? "").Contains('w'));
        return new BlockDevice(device.Text("path") ?? "", major, minor, !written);
    }

    private static uint Number(JsonObject of, string key) => of.Number(key) is >= 0 and <= uint.MaxValue and var number
        ? (uint)number
        : throw ShimException.Invalid($"config.json: device {of.Text("path")} has no {key}.");
}
