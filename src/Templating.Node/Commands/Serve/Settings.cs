using System.Globalization;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.Node.Options;

namespace Templating.Node.Commands.Serve;

/// <summary>All options of the daemon. What each means, its default and its limits: <see cref="NodeOptions"/>.</summary>
internal static class Settings
{
    public const string SizeHelp = "SIZE";

    public static IReadOnlyList<Setting> All { get; } =
    [
        Text("StorePath", "store-path", "FOLDER", "Templates, images and builds (default /var/lib/templating)", (o, v) => o.StorePath = v),
        Text("RunPath", "run-path", "FOLDER", "Sockets and running clones (default /run/templating)", (o, v) => o.RunPath = v),
        Text("SocketPath", "socket-path", "FILE", "The Unix socket to serve on (default templating.sock in the run folder)", (o, v) => o.SocketPath = v),
        Text("SocketMode", "socket-mode", "OCTAL", "The socket's permission bits (default 0660)", (o, v) => o.SocketMode = v),
        Text("SocketGroup", "socket-group", "GROUP", "The socket's group, a name or a number (default: the daemon's)", (o, v) => o.SocketGroup = v),
        Tcp("Address", "address", "IP:PORT", "Also serve on TCP, with mutual TLS (default: nowhere)", (t, v) => t.Address = v),
        Tcp("CertificatePath", "certificate-path", "FILE", "PEM file with the server's certificate and its chain (needed with --tcp-address)", (t, v) => t.CertificatePath = v),
        Tcp("KeyPath", "key-path", "FILE", "PEM file with the certificate's key (needed with --tcp-address)", (t, v) => t.KeyPath = v),
        Tcp("ClientCaPath", "client-ca-path", "FILE", "PEM file with the authorities of client certificates (needed with --tcp-address)", (t, v) => t.ClientCaPath = v),
        Text("MetricsAddress", "metrics-address", "IP:PORT", "Serve Prometheus metrics there (default: nowhere)", (o, v) => o.MetricsAddress = v),
        Text("QemuPath", "qemu-path", "FILE", "The QEMU binary (default: qemu-system-x86_64 in the PATH)", (o, v) => o.QemuPath = v),
        Size("MemoryBudgetBytes", "memory-budget", "What clones may be charged in all (default: 80 % of the machine or cgroup)", (o, v) => o.MemoryBudgetBytes = v),
        Number("MemoryOvercommit", "memory-overcommit", "How many times the budget is given out (default 1)", (o, v) => o.MemoryOvercommit = v),
        Size("CloneOverheadBytes", "clone-overhead", "What each clone is charged beside its RAM (default 64MiB)", (o, v) => o.CloneOverheadBytes = v),
        Whole("MaxClones", "max-clones", "Clones at once (default 1000)", (o, v) => o.MaxClones = v),
        Whole("MaxConcurrentStarts", "max-concurrent-starts", "Clones that start at once (default: twice the CPUs)", (o, v) => o.MaxConcurrentStarts = v),
        Number("PoolMemoryPressure", "pool-memory-pressure", "Percent of the time that programs of the host wait for memory, above which nothing is started for pools (default 10)", (o, v) => o.PoolMemoryPressure = v),
        Number("PoolCpuPressure", "pool-cpu-pressure", "The same for a CPU, above which one VM is started every five seconds (default 80)", (o, v) => o.PoolCpuPressure = v),
        Whole("MaxConnections", "max-connections", "Connections at once (default 4096, or what the limit of open files leaves room for)", (o, v) => o.MaxConnections = v),
        Whole("MaxConnectionsPerCaller", "max-connections-per-caller", "Connections at once of one caller; eight times as many where it may act for all tenants (default 128)", (o, v) => o.MaxConnectionsPerCaller = v),
        Whole("MaxCallsPerCaller", "max-calls-per-caller", "Calls at once of one caller, watches and execs too; eight times as many where it may act for all tenants (default 1024)", (o, v) => o.MaxCallsPerCaller = v),
        Users("FirstUid", "first-uid", "The first of the users that VMs run as (default 2000000000)", (u, v) => u.FirstUid = v),
        Users("Count", "count", "How many there are; 0: VMs run as the daemon's user (default 65536; 0 where the daemon is not root)", (u, v) => u.Count = v),
        new("GuestFolders", "", "guest-folders", "FOLDER", "A folder from which callers may name kernels, initrds and images (default /usr/share/templating and /var/lib/templating/guests)", (o, v) => { o.GuestFolders = [.. v]; return null; }, Many: true),
        new("DownloadHosts", "", "download-hosts", "HOST", "A host from which guest files may be fetched by URL, also HOST:PORT and *.DOMAIN (default: none)", (o, v) => { o.DownloadHosts = [.. v]; return null; }, Many: true),
        Text("DownloadCaPath", "download-ca-path", "FILE", "PEM file with those hosts' authorities (default: the system's)", (o, v) => o.DownloadCaPath = v),
        Size("MaxDownloadBytes", "max-download", "The largest file that is fetched (default 16GiB)", (o, v) => o.MaxDownloadBytes = v),
        new("Images.Folders", "images", "folders", "FOLDER", "A folder from which callers may publish images for clones (default: none)", (o, v) => { o.Images.Folders = [.. v]; return null; }, Many: true),
        Images<long>("MaxBytes", "max-bytes", SizeHelp, "The largest image that is published (default 16GiB)", ByteSize.TryParse, ByteSize.Allowed, (i, v) => i.MaxBytes = v),
        Images<int>("MaxInodes", "max-inodes", "N", "Files, folders and links that an image may have (default 1000000)", TryWhole, "a whole number", (i, v) => i.MaxInodes = v),
        Images<TimeSpan>("BuildTimeout", "build-timeout", "DURATION", "For making an image (default 2m)", DurationText.TryParse, DurationText.Allowed, (i, v) => i.BuildTimeout = v),
        Images<long>("CacheBytes", "cache-bytes", SizeHelp, "What all images may have before those that no clone holds go (default 20GiB)", ByteSize.TryParse, ByteSize.Allowed, (i, v) => i.CacheBytes = v),
        Blanks<int>("Count", "count", "N", "VMs that wait, started, for each shape of machine in use; 0: none (default 1)", TryWhole, "a whole number", (b, v) => b.Count = v),
        Blanks<int>("Max", "max", "N", "VMs that wait in all (default 4)", TryWhole, "a whole number", (b, v) => b.Max = v),
        Blanks<TimeSpan>("IdleLimit", "idle-limit", "DURATION", "How long a shape of machine is in use after a start (default 10m)", DurationText.TryParse, DurationText.Allowed, (b, v) => b.IdleLimit = v),
        Text("PolicyPath", "policy-path", "FILE", "JSON file that says who may act for which tenants (default: root, the daemon's user, and certificates for those they name)", (o, v) => o.PolicyPath = v),
        Time("ReadinessTimeout", "readiness-timeout", "For templates whose spec has none (default 2m)", (o, v) => o.ReadinessTimeout = v),
        Time("CollectInterval", "collect-interval", "How often what is unused is deleted (default 1h; 0s: only when asked)", (o, v) => o.CollectInterval = v),
        Time("ShutdownTimeout", "shutdown-timeout", "For calls under way when told to stop (default 10s)", (o, v) => o.ShutdownTimeout = v),
        Text("KubeletPath", "kubelet-path", "FOLDER", "In a cluster: the kubelet's folder, usually /var/lib/kubelet; serves the volumes of VM pods (default: no cluster)", (o, v) => o.KubeletPath = v),
        Text("NodeName", "node-name", "NAME", "In a cluster: this node's name (needed with --kubelet-path)", (o, v) => o.NodeName = v),
        Parsed<bool>("Pods", "", "pods", "on|off", "In a cluster: whether VM pods are served (default on)", TryOnOff, "on or off", (o, v) => o.Pods = v),
        Whole("KvmDevices", "kvm-devices", "In a cluster: VMs that may ask for templating.dev/kvm (default 1000)", (o, v) => o.KvmDevices = v),
        Choice<LogLevel>("LogLevel", "log-level", "The least level to log (default information)", (o, v) => o.LogLevel = v),
        Choice<LogFormat>("LogFormat", "log-format", "Lines for people or JSON (default text)", (o, v) => o.LogFormat = v),
    ];

    private static Setting Text(string property, string name, string help, string description, Action<NodeOptions, string> set) =>
        new(property, "", name, help, description, (options, values) => Done(() => set(options, values[^1])));

    private static Setting Tcp(string property, string name, string help, string description, Action<TcpOptions, string> set) =>
        new("Tcp." + property, "tcp", name, help, description, (options, values) => Done(() => set(options.Tcp ??= new TcpOptions(), values[^1])));

    private static Setting Users(string property, string name, string description, Action<VmUserRange, int> set) =>
        Parsed<int>("VmUsers." + property, "vm-users", name, "N", description, TryWhole, "a whole number", (o, v) => set(o.VmUsers ??= new VmUserRange(), v));

    private static Setting Images<T>(string property, string name, string help, string description, TextParser<T> parser, string allowed, Action<ImagesOptions, T> set) =>
        Parsed("Images." + property, "images", name, help, description, parser, allowed, (o, v) => set(o.Images, v));

    private static Setting Blanks<T>(string property, string name, string help, string description, TextParser<T> parser, string allowed, Action<BlanksOptions, T> set) =>
        Parsed("Blanks." + property, "blanks", name, help, description, parser, allowed, (o, v) => set(o.Blanks, v));

    private static Setting Size(string property, string name, string description, Action<NodeOptions, long> set) =>
        Parsed<long>(property, "", name, SizeHelp, description, ByteSize.TryParse, ByteSize.Allowed, set);

    private static Setting Time(string property, string name, string description, Action<NodeOptions, TimeSpan> set) =>
        Parsed<TimeSpan>(property, "", name, "DURATION", description, DurationText.TryParse, DurationText.Allowed, set);

    private static Setting Whole(string property, string name, string description, Action<NodeOptions, int> set) =>
        Parsed<int>(property, "", name, "N", description, TryWhole, "a whole number", set);

    private static Setting Number(string property, string name, string description, Action<NodeOptions, double> set) => Parsed<double>(
        property, "", name, "N", description,
        (string text, out double value) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value),
        "a number such as 1.5", set);

    private static Setting Choice<T>(string property, string name, string description, Action<NodeOptions, T> set)
        where T : struct, Enum
    {
        var words = Enum.GetNames<T>().Select(n => n.ToLowerInvariant()).ToArray();
        return Parsed<T>(
            property, "", name, string.Join('|', words), description,
            (string text, out T value) => Enum.TryParse(text, ignoreCase: true, out value) && words.Contains(text, StringComparer.OrdinalIgnoreCase),
            "one of " + string.Join(", ", words), set);
    }

    private static bool TryOnOff(string text, out bool value)
    {
        value = string.Equals(text, "on", StringComparison.OrdinalIgnoreCase);
        return value || string.Equals(text, "off", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryWhole(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static Setting Parsed<T>(
        string property, string group, string name, string help, string description, TextParser<T> parser, string allowed, Action<NodeOptions, T> set) =>
        new(property, group, name, help, description, (options, values) =>
            parser(values[^1], out var value) ? Done(() => set(options, value)) : $"'{values[^1]}' is not allowed; give {allowed}.");

    private static string? Done(Action set)
    {
        set();
        return null;
    }
}
