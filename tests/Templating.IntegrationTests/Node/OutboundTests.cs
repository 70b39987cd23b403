using System.Globalization;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>
/// Guests that may open connections outwards, from a daemon in a network namespace of its own: an interface
/// stands for the world. What answers on its address and on the loopback is another clone.
/// </summary>
public sealed class OutboundTests : NodeTest
{
    private const string World = "192.0.2.77";

    private const string PolicyText = """
        {
          "version": 1,
          "rules": [],
          "limits": {
            "default": { "forwards": [{ "addresses": "127.0.0.1", "ports": "1024-65535" }, { "addresses": "192.0.2.77", "ports": "1024-65535" }] }
          }
        }
        """;

    [Fact]
    public async Task AGuestReachesTheWorldAndNotTheHostsLoopbackAndEndsWithItsNetwork()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // network namespaces are root's to give
        }

        using var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        var policy = Path.Combine(folder.Path, "policy.json");
        await File.WriteAllTextAsync(policy, PolicyText, Limit);
        using var daemon = NodeDaemon.Launch(
            folder, new Dictionary<string, string>(StringComparer.Ordinal) { ["POLICY_PATH"] = policy }, "/usr/bin/unshare", "--net", "/bin/sh", "-c",
            $"ip link set lo up && ip link add world type bridge && ip address add {World}/24 dev world && ip link set world up && "
            + "ip route add default via 192.0.2.1 && exec \"$@\"",
            "sh");
        try
        {
            await daemon.WaitServingAsync(Limit);
            var server = await CreateAsync(daemon, outbound: false, World, "127.0.0.1");
            var outward = await CreateAsync(daemon, outbound: true, World);
            var caller = await CreateAsync(daemon, outbound: true);

            (await FetchAsync(daemon, caller, World, server.Network.Forwards[0].HostPort)).ShouldContain(server.Id);
            (await FetchAsync(daemon, caller, World, outward.Network.Forwards[0].HostPort)).ShouldContain(outward.Id, Case.Sensitive, "passt forwards as QEMU does");
            (await FetchAsync(daemon, caller, "10.0.2.2", server.Network.Forwards[1].HostPort)).ShouldBe("no answer");
            (await FetchAsync(daemon, server, World, outward.Network.Forwards[0].HostPort)).ShouldBe("no answer", "without outbound there is no way out");

            var networks = PasstsOf(daemon);
            networks.Count.ShouldBe(2);
            foreach (var pid in networks)
            {
                Signals.Send(pid, Signals.Kill);
            }

            foreach (var clone in (VmClone[])[outward, caller])
            {
                var ended = await Eventually.SeeAsync(
                    async () => await daemon.Client.GetAsync(clone, Limit), c => c.State == CloneState.Failed, "a clone ends with its network", cancellationToken: Limit);
                ended.StateReason.ShouldContain("passt");
            }

            PasstsOf(daemon).ShouldBeEmpty();
        }
        finally
        {
            await daemon.StopAsync(Limit);
        }
    }

    private Task<VmClone> CreateAsync(NodeDaemon daemon, bool outbound, params string[] addresses) => daemon.Client.CloneAsync(Limit, request =>
    {
        request.Spec.Network = new NetworkSpec { Outbound = outbound };
        request.Spec.Network.Forwards.Add(addresses.Select(address => new PortForward { GuestPort = 80, HostAddress = address }));
    });

    private async Task<string> FetchAsync(NodeDaemon daemon, VmClone clone, string host, int port) =>
        (await daemon.Client.ShellAsync(
            clone, $"(printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1) | nc -w 3 {host} {port} 2>/dev/null || echo no answer", Limit)).Output.Trim();

    /// <summary>Those in the daemon's network namespace.</summary>
    private static List<int> PasstsOf(NodeDaemon daemon)
    {
        var network = new FileInfo($"/proc/{daemon.Pid}/ns/net").LinkTarget;
        return [.. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && IsPasst(pid) && new FileInfo($"/proc/{pid}/ns/net").LinkTarget == network)];
    }

    private static bool IsPasst(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").StartsWith("passt", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // it ended meanwhile
        }
    }
}
