using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>A root filesystem of busybox and a payload of random bytes, published once.</summary>
internal sealed class ContainerImage
{
    /// <summary>In files of 1 MiB, which no mkfs shares with one another.</summary>
    public const int PayloadMiB = 150;

    private ContainerImage(string digest) => Digest = digest;

    public string Digest { get; }

    public static async Task<ContainerImage> PublishAsync(
        Daemon daemon, string guestFolder, Folders folders, Samples samples, CancellationToken cancellationToken)
    {
        var root = Directory.CreateDirectory(folders.Image).FullName;
        foreach (var folder in (string[])["bin", "dev", "payload", "proc", "sys", "tmp"])
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        var busybox = Path.Combine(root, "bin", "busybox");
        await Child.RunAsync(
            ["sh", "-c", "cpio -i --quiet --to-stdout bin/busybox ./bin/busybox <\"$0\" >\"$1\"", Path.Combine(guestFolder, "initrd"), busybox], cancellationToken);

        File.SetUnixFileMode(busybox, (UnixFileMode)0b111_101_101);
        foreach (var name in (string[])["cat", "sh", "sleep", "true"])
        {
            File.CreateSymbolicLink(Path.Combine(root, "bin", name), "busybox");
        }

        for (var i = 0; i < PayloadMiB; i++)
        {
            await File.WriteAllBytesAsync(Path.Combine(root, "payload", $"{i}"), RandomNumberGenerator.GetBytes(1 << 20), cancellationToken);
        }

        var start = Stopwatch.GetTimestamp();
        var published = await daemon.Client.Images.PublishImageAsync(
            new PublishImageRequest { Tenant = GuestTemplate.Tenant, Folder = root }, cancellationToken: cancellationToken);
        samples.Add("sandbox.image_published", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return new ContainerImage(published.Digest);
    }

    /// <summary>A config.json as a shim writes one for the guest: paths are the guest's, and nothing of the host's is in it. It joins the pod's network.</summary>
    public static byte[] Config(string root, params ReadOnlySpan<string> arguments) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["ociVersion"] = "1.0.0",
        ["root"] = new JsonObject { ["path"] = root },
        ["process"] = ProcessOf(arguments),
        ["mounts"] = new JsonArray(
            new JsonObject { ["destination"] = "/proc", ["type"] = "proc", ["source"] = "proc" },
            new JsonObject { ["destination"] = "/dev", ["type"] = "tmpfs", ["source"] = "tmpfs" }),
        ["linux"] = new JsonObject
        {
            ["namespaces"] = new JsonArray(
            [
                .. ((string[])["pid", "ipc", "uts", "mount"]).Select(kind => new JsonObject { ["type"] = kind }),
                new JsonObject { ["type"] = "network", ["path"] = "/run/templating/netns/pod" },
            ]),
        },
    });

    public static byte[] Process(params ReadOnlySpan<string> arguments) => JsonSerializer.SerializeToUtf8Bytes(ProcessOf(arguments));

    private static JsonObject ProcessOf(ReadOnlySpan<string> arguments) => new()
    {
        ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
        ["args"] = new JsonArray([.. arguments.ToArray().Select(word => (JsonNode)word)]),
        ["env"] = new JsonArray("PATH=/bin"),
        ["cwd"] = "/",
    };
}
