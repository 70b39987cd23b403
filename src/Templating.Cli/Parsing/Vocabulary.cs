using Google.Protobuf.Reflection;

namespace Templating.Cli.Parsing;

/// <summary>
/// The words of a field: its name on the wire, as YAML and as JSON write it, and what a VMTemplate of Kubernetes calls the same
/// thing. People write the one or the other, and each is taken.
/// </summary>
internal static class Vocabulary
{
    private static readonly Dictionary<string, string[]> Kubernetes = new(StringComparer.Ordinal)
    {
        ["templating.v1.MachineSpec.memory_bytes"] = ["memory"],
        ["templating.v1.MachineSpec.max_memory_bytes"] = ["maxMemory", "max_memory"],
        ["templating.v1.MachineSpec.machine_type"] = ["type"],
        ["templating.v1.ReadinessSpec.timeout"] = ["timeoutSeconds", "timeout_seconds"],
        ["templating.v1.Command.arguments"] = ["command"],
    };

    public static FieldDescriptor? Find(MessageDescriptor message, string word) =>
        message.Fields.InFieldNumberOrder().FirstOrDefault(field => NamesOf(field).Contains(word, StringComparer.Ordinal));

    public static IEnumerable<string> NamesOf(FieldDescriptor field) =>
        ((string[])[field.Name, field.JsonName, .. Kubernetes.GetValueOrDefault(field.FullName) ?? []]).Distinct(StringComparer.Ordinal);

    /// <summary>Whether a duration under this name is a number of seconds.</summary>
    public static bool IsSeconds(string word) => word is "timeoutSeconds" or "timeout_seconds";
}
