using System.Text.Json.Nodes;
using Templating.OwnerPort.Processes;

namespace Templating.Shim.Specs;

/// <summary>A process as the guest is to start it: what is known of it, and nothing else that the host may have written.</summary>
internal static class ProcessSpec
{
    private const int MaxBytes = 1 << 20;

    /// <summary>The kernel spares who has -1000 for good; the guest's own daemon is the one to be spared.</summary>
    private const long LowestScore = -999;

    private const long HighestScore = 1000;

    private const string OpenFiles = "RLIMIT_NOFILE";

    /// <summary>systemd's for services, and so containerd's and those of what runs under runc; the guest's own would be the kernel's 1024 and 4096.</summary>
    private const int SoftOpenFiles = 1024;

    private const int HardOpenFiles = 524288;

    /// <summary>For EXEC: the JSON of a Process, as containerd hands it over.</summary>
    /// <param name="processJson">As it came.</param>
    /// <param name="terminal">The size of its terminal, where one is known.</param>
    /// <param name="hasTerminal">What the request says: whether it is to have a terminal.</param>
    public static byte[] ForExec(ReadOnlySpan<byte> processJson, bool hasTerminal, WindowSize? terminal)
    {
        var process = SpecJson.ParseObject(processJson, MaxBytes, "The process of the exec");
        process["terminal"] = hasTerminal;
        return SpecJson.Write(Rewrite(process, terminal));
    }

    public static JsonObject Rewrite(JsonObject process, WindowSize? terminal)
    {
        var kept = process.Keep("terminal", "user", "args", "env", "cwd", "capabilities", "rlimits", "noNewPrivileges");
        var limits = kept["rlimits"] as JsonArray ?? [];
        if (!limits.Any(limit => limit is JsonObject found && found.Text("type") == OpenFiles))
        {
            limits.Add((JsonNode)new JsonObject { ["type"] = OpenFiles, ["hard"] = HardOpenFiles, ["soft"] = SoftOpenFiles });
            kept["rlimits"] = limits;
        }

        if (process.Flag("terminal") && SizeOf(process.Child("consoleSize"), terminal) is { } size)
        {
            // What the program sees from its first moment: until crun has gone, RUN's own size is not there for it.
            kept["consoleSize"] = new JsonObject { ["height"] = size.Rows, ["width"] = size.Columns };
        }

        if (process.Number("oomScoreAdj") is { } score)
        {
            kept["oomScoreAdj"] = Math.Clamp(score, LowestScore, HighestScore);
        }

        return kept;
    }

    private static WindowSize? SizeOf(JsonObject? said, WindowSize? known) =>
        known ?? (said.Number("height") is > 0 and <= ushort.MaxValue and var rows && said.Number("width") is > 0 and <= ushort.MaxValue and var columns
            ? new WindowSize((ushort)rows, (ushort)columns)
            : null);
}
