using System.Text.Json;
using System.Text.Json.Nodes;

namespace Templating.IntegrationTests.Node;

/// <summary>What a shim writes for the guest's crun, with the least that a program of busybox needs.</summary>
internal static class OciDocuments
{
    public static byte[] Config(string root, params string[] arguments) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["ociVersion"] = "1.0.0",
        ["root"] = new JsonObject { ["path"] = root },
        ["process"] = ProcessOf(terminal: false, arguments),
        ["mounts"] = new JsonArray(Mount("/proc", "proc"), Mount("/dev", "tmpfs"), Mount("/dev/pts", "devpts")),
        ["linux"] = new JsonObject
        {
            ["namespaces"] = new JsonArray(
            [
                .. ((string[])["pid", "ipc", "uts", "mount"]).Select(kind => new JsonObject { ["type"] = kind }),
                new JsonObject { ["type"] = "network", ["path"] = "/run/templating/netns/pod" },
            ]),
        },
    });

    public static byte[] Process(bool terminal, params string[] arguments) => JsonSerializer.SerializeToUtf8Bytes(ProcessOf(terminal, arguments));

    private static JsonObject Mount(string path, string type) => new() { ["destination"] = path, ["type"] = type, ["source"] = type };

    private static JsonObject ProcessOf(bool terminal, string[] arguments) => new()
    {
        ["terminal"] = terminal,
        ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
        ["args"] = new JsonArray([.. arguments.Select(word => (JsonNode)word)]),
        ["env"] = new JsonArray("PATH=/bin", "TERM=xterm"),
        ["cwd"] = "/",
    };
}
