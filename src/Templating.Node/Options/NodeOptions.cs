using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Core.Capacity;

namespace Templating.Node.Options;

/// <summary>What the node daemon is told. Paths are absolute; sizes are bytes; durations are never negative.</summary>
public sealed class NodeOptions
{
    /// <summary>The store: templates, images and builds under way. Default /var/lib/templating.</summary>
    [Required, AbsolutePath]
    public string StorePath { get; set; } = "/var/lib/templating";

    /// <summary>
    /// Sockets and the folders of running clones; should not outlive a reboot. Default /run/templating. At most 60
    /// bytes, because the sockets of the clones below it must fit the 107 bytes of unix(7).
    /// </summary>
    [Required, AbsolutePath, MaxBytes(60)]
    public string RunPath { get; set; } = "/run/templating";

    /// <summary>The Unix socket to serve on; at most 107 bytes. Null means <c>RunPath/templating.sock</c>.</summary>
    [AbsolutePath, MaxBytes(107)]
    public string? SocketPath { get; set; }

    /// <summary>
    /// Permission bits of the socket, octal: "0660" lets its owner and group connect. Who may connect is not yet who
    /// may do anything: see <see cref="PolicyPath"/>. Default "0660".
    /// </summary>
    [Required, RegularExpression("^0?[0-7]{3}$", ErrorMessage = "SocketMode must be three octal digits, for example 0660.")]
    public string SocketMode { get; set; } = "0660";

    /// <summary>Group of the socket: a name in /etc/group or a number. Null means the daemon's own.</summary>
    public string? SocketGroup { get; set; }

    /// <summary>A TCP listener with mutual TLS. Null means none.</summary>
    [ValidateObjectMembers]
    public TcpOptions? Tcp { get; set; }

    /// <summary>
    /// Address and port of the Prometheus endpoint <c>/metrics</c> (plain HTTP, no caller is known there, so keep it
    /// on loopback or a management network): 127.0.0.1:9464. Null, the default, means none.
    /// </summary>
    [IpEndPoint]
    public string? MetricsAddress { get; set; }

    /// <summary>The QEMU binary. Null means <c>qemu-system-x86_64</c> in the PATH.</summary>
    [AbsolutePath]
    public string? QemuPath { get; set; }

    /// <summary>Bytes that clones may be charged in all. Null means 80 % of the machine's memory, or of the cgroup's limit.</summary>
    [Range(64L << 20, long.MaxValue)]
    public long? MemoryBudgetBytes { get; set; }

    /// <summary>
    /// How many times the budget is given out. 1, the default, means a clone is charged all the RAM it could ever
    /// write, so that clones never drive the host out of memory. 1 to 64.
    /// </summary>
    [Range(1.0, 64.0)]
    public double MemoryOvercommit { get; set; } = 1;

    /// <summary>
    /// Bytes each clone is charged beside its RAM: QEMU's own heap, which was 22 to 31 MB idle, up to
    /// twice that under load. Default 64 MiB.
    /// </summary>
    [Range(0L, 16L << 30)]
    public long CloneOverheadBytes { get; set; } = 64L << 20;

    /// <summary>Clones at once. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int MaxClones { get; set; } = 1000;

    /// <summary>Clones that start at once; more wait their turn. Null means twice the number of CPUs, at least 2.</summary>
    [Range(1, 1024)]
    public int? MaxConcurrentStarts { get; set; }

    /// <summary>
    /// Percent of the last ten seconds in which programs of the host waited for memory, above which no VM is started for a pool. Default 10;
    /// 100: they always are.
    /// </summary>
    [Range(1.0, 100.0)]
    public double PoolMemoryPressure { get; set; } = PressureLimits.DefaultMemory;

    /// <summary>The same for a CPU, above which one VM is started every five seconds on the whole node. Default 80; 100: as fast as ever.</summary>
    [Range(1.0, 100.0)]
    public double PoolCpuPressure { get; set; } = PressureLimits.DefaultCpu;

    /// <summary>
    /// Connections to the Unix and TCP sockets at once; a quarter is kept for callers that may act for all tenants. Null means
    /// 4,096, or fewer where the limit of open files leaves no room for that many beside <see cref="MaxClones"/> VMs.
    /// </summary>
    [Range(64, 1_000_000)]
    public int? MaxConnections { get; set; }

    /// <summary>
    /// Connections at once of one caller: a user on the Unix socket, a certificate on TCP. One that may act for all tenants
    /// may have eight times as many, one that may act for none an eighth. Default 128.
    /// </summary>
    [Range(8, 1_000_000)]
    public int MaxConnectionsPerCaller { get; set; } = 128;

    /// <summary>
    /// Calls under way of one caller (watches, execs, consoles; 20 to 30 KB each), with the same eight times and eighth.
    /// Default 1,024.
    /// </summary>
    [Range(8, 1_000_000)]
    public int MaxCallsPerCaller { get; set; } = 1024;

    /// <summary>
    /// The users VMs run as, one for each VM. Null means, for a daemon that is root, uids 2,000,000,000 to 2,000,065,535
    /// and gid 2,000,000,000 (a stretch that systemd's UIDS-GIDS.md leaves unassigned), else the daemon's own user. A
    /// count of 0 means the daemon's own user even for root.
    /// </summary>
    [ValidateObjectMembers]
    public VmUserRange? VmUsers { get; set; }

    /// <summary>
    /// Folders from which callers may name kernels, initrds and images. A root caller on the Unix socket may name any
    /// file. Default /usr/share/templating and /var/lib/templating/guests; empty means none.
    /// </summary>
    [AbsolutePath]
    public IList<string> GuestFolders { get; set; } = [.. Defaults.GuestFolders];

    /// <summary>
    /// Hosts from which guest files may be fetched by URL: <c>files.example.org</c>, <c>files.example.org:8443</c>, or
    /// <c>*.example.org</c> for all below one, which then must not be at private addresses. Empty, the default: none.
    /// </summary>
    public IList<string> DownloadHosts { get; set; } = [];

    /// <summary>PEM file of the authorities that issue those hosts' certificates. Null means the system's.</summary>
    [AbsolutePath]
    public string? DownloadCaPath { get; set; }

    /// <summary>The largest file that is fetched, in bytes. Default 16 GiB; at most 1 TiB.</summary>
    [Range(1L << 10, 1L << 40)]
    public long MaxDownloadBytes { get; set; } = 16L << 30;

    /// <summary>Images that are plugged into clones.</summary>
    [ValidateObjectMembers]
    public ImagesOptions Images { get; set; } = new();

    /// <summary>VMs that are started before their template is known.</summary>
    [ValidateObjectMembers]
    public BlanksOptions Blanks { get; set; } = new();

    /// <summary>
    /// JSON file that says who may act for which tenants (docs/authorization.md). Read again when it changes. Null
    /// means: root and the daemon's own user on the Unix socket for all, a client certificate for those it names.
    /// </summary>
    [AbsolutePath]
    public string? PolicyPath { get; set; }

    /// <summary>Readiness timeout of a template whose spec has none. Default 2 minutes; 1 s to 1 h.</summary>
    [Duration(1, 3600)]
    public TimeSpan ReadinessTimeout { get; set; } = Timeouts.Readiness;

    /// <summary>How often unused images and remains of killed builds are deleted. Default 1 h; at most 30 days; zero means only when asked.</summary>
    [Duration(0, 30 * 24 * 3600)]
    public TimeSpan CollectInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// When told to stop, how long calls under way may take to end before they are cancelled. Clones live on and the next
    /// daemon adopts them. Default 10 s; zero means cancelled at once.
    /// </summary>
    [Duration(0, 600)]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The kubelet's folder, usually /var/lib/kubelet, on the same path as the kubelet has it. Given, the daemon serves this
    /// node's kubelet: the volumes of VM pods (CSI) and the device plugin. At most 60 bytes, because sockets lie below it.
    /// Null, the default, means no Kubernetes.
    /// </summary>
    [AbsolutePath, MaxBytes(60)]
    public string? KubeletPath { get; set; }

    /// <summary>The node's name in Kubernetes; needed with <see cref="KubeletPath"/>.</summary>
    [RegularExpression("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", ErrorMessage = "NodeName must be a node's name in Kubernetes: a-z, 0-9, '-' and '.'."), StringLength(192)]
    public string? NodeName { get; set; }

    /// <summary>Whether volumes of VM pods are served and their pods followed, where there is a kubelet. Default true.</summary>
    public bool Pods { get; set; } = true;

    /// <summary>How many VMs of this node may ask for <c>templating.dev/kvm</c> where KVM works. Default 1,000.</summary>
    [Range(1, 10_000)]
    public int KvmDevices { get; set; } = 1000;

    /// <summary>Least level that is logged. Default Information.</summary>
    [EnumDataType(typeof(LogLevel))]
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>One line of text, or one JSON object, for each event; on standard output. Default text.</summary>
    [EnumDataType(typeof(LogFormat))]
    public LogFormat LogFormat { get; set; } = LogFormat.Text;

    internal string EffectiveSocketPath => SocketPath ?? Path.Combine(RunPath, "templating.sock");

    internal bool ServesPods => KubeletPath is not null && Pods;

    internal UnixFileMode EffectiveSocketMode => (UnixFileMode)Convert.ToInt32(SocketMode, 8);
}

public enum LogFormat
{
    Text,
    Json,
}
