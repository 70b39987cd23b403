using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>
/// passt(1), the network of a VM that may open connections outwards: a process of its own that is confined by itself, speaks
/// to QEMU over one socket, and ends with it. Unlike QEMU's user network it can keep the host's loopback from the guest.
/// </summary>
internal static class Passt
{
    private const string PasstPath = "/usr/bin/passt";

    /// <summary>What QEMU's user network is to a guest, so that a template does not notice which one it has.</summary>
    private const string GuestAddress = "10.0.2.15";
    private const string Gateway = "10.0.2.2";
    private const string GatewayMac = "52:55:0a:00:02:02";
    private const string NameServer = "10.0.2.3";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    public static bool IsInstalled => File.Exists(PasstPath);

    /// <summary>Starts it; when this returns, its ports are open.</summary>
    /// <param name="watcher">Tells when it has gone to the background, or ended.</param>
    /// <param name="descriptor">The end of a pair of which QEMU has the other.</param>
    /// <param name="forwards">With their host ports chosen.</param>
    /// <param name="user">Whom it runs as; null for the daemon's own.</param>
    /// <param name="logPath">Takes what it says.</param>
    /// <param name="time">For the limit of its start.</param>
    /// <param name="cancellationToken">Breaks the wait off; it ends then, when the pair does.</param>
    /// <exception cref="TemplatingException">PortUnavailable: a port was taken meanwhile. QemuRefused, Internal.</exception>
    public static async Task StartAsync(
        ProcessWatcher watcher, int descriptor, IReadOnlyList<PortForward> forwards, VmUser? user, string logPath, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!IsInstalled)
        {
            throw new TemplatingException(ErrorCode.IllegalState,
                $"A guest that may open connections outwards needs {PasstPath}, which is not there. Install the package passt, or do without outbound.");
        }

        var pid = Spawner.Start(new SpawnRequest
        {
            Arguments = Arguments(forwards, user),
            OutputPath = logPath,
            Descriptors = [descriptor],
            MaxFileBytes = MachineSpec.MiB,
        });

        // It goes to the background once its ports are open.
        var first = watcher.Watch(pid, isChild: true)!;
        try
        {
            var exit = await Deadline.RunAsync(time, StartLimit, token => first.Exited.WaitAsync(token),
                () => new TemplatingException(ErrorCode.Internal, "passt did not start in time."), cancellationToken);
            if (exit.ExitCode is not 0)
            {
                var said = ExitReport.ReadStandardError(logPath).Split('\n').LastOrDefault(line => !line.Contains("syslog", StringComparison.Ordinal) && line.Length > 0);
                // Its ports were free a moment ago, but who takes one in between is told by passt alone.
                throw new TemplatingException(forwards.Count > 0 ? ErrorCode.PortUnavailable : ErrorCode.QemuRefused,
                    $"The guest's network could not be started: {said ?? "passt did not say why"}.");
            }
        }
        catch
        {
            first.Kill();
            throw;
        }
    }

    public static IReadOnlyList<string> Arguments(IReadOnlyList<PortForward> forwards, VmUser? user)
    {
        List<string> words =
        [
            PasstPath, "--quiet", "--fd", Spawner.FirstDescriptor.ToString(CultureInfo.InvariantCulture), "--ipv4-only",
            "--address", GuestAddress, "--netmask", "24", "--gateway", Gateway, "--mac-addr", GatewayMac,
            "--dns-forward", NameServer, "--no-map-gw", "--udp-ports", "none",
        ];
        words.AddRange(forwards.Count == 0 ? ["--tcp-ports", "none"] : forwards.SelectMany(f => (string[])["--tcp-ports", Rule(f)]));
        if (user is not null)
        {
            words.AddRange(["--runas", string.Create(CultureInfo.InvariantCulture, $"{user.Uid}:{user.Gid}")]);
        }

        return words;
    }

    private static string Rule(PortForward forward)
    {
        var address = IPAddress.Parse(forward.HostAddress);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? string.Create(CultureInfo.InvariantCulture, $"{address}/{forward.HostPort}:{forward.GuestPort}")
            : throw new TemplatingException(ErrorCode.InvalidArgument,
                $"The port {forward.HostAddress}:{forward.HostPort} cannot lead to a guest with outbound: that guest's network has IPv4 only. Give an IPv4 address.");
    }
}
