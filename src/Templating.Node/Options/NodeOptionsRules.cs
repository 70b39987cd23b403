using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Templating.Node.Linux;

namespace Templating.Node.Options;

/// <summary>What no attribute can say: rules between options, and things that must be there.</summary>
internal sealed partial class NodeOptionsRules : IValidateOptions<NodeOptions>
{
    public ValidateOptionsResult Validate(string? name, NodeOptions options)
    {
        var faults = Faults(options).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>Throws with every fault there is, of attributes and rules.</summary>
    public static void Check(NodeOptions options)
    {
        var faults = FindFaults(options);
        if (faults.Count > 0)
        {
            throw new OptionsValidationException(nameof(NodeOptions), typeof(NodeOptions), faults);
        }
    }

    public static IReadOnlyList<string> FindFaults(NodeOptions options) =>
    [
        .. new IValidateOptions<NodeOptions>[] { new NodeOptionsValidator(), new NodeOptionsRules() }
            .Select(validator => validator.Validate(name: null, options))
            .SelectMany(result => result.Failures ?? []),
    ];

    private static IEnumerable<string> Faults(NodeOptions options)
    {
        // sockaddr_un: 108 bytes with the NUL, and Kestrel passes the path as it is.
        if (Encoding.UTF8.GetByteCount(options.EffectiveSocketPath) > 107)
        {
            yield return $"SocketPath: '{options.EffectiveSocketPath}' has more than the 107 bytes a Unix socket's path may have.";
        }

        if (options.SocketGroup is { } group && Groups.Find(group) is null)
        {
            yield return $"SocketGroup: there is no group '{group}' in /etc/group.";
        }

        if (options.VmUsers is { Count: > 0 } users)
        {
            if (!Environment.IsPrivilegedProcess)
            {
                yield return "VmUsers.Count: only a daemon that is root can start VMs as other users; leave it out or set VmUsers.Count to 0.";
            }

            if ((long)users.FirstUid + users.Count - 1 > int.MaxValue)
            {
                yield return $"VmUsers.FirstUid: {users.FirstUid} and {users.Count - 1} more pass the last user id, {int.MaxValue}.";
            }
        }

        if ((options.KubeletPath is null) != (options.NodeName is null))
        {
            yield return "KubeletPath: in a cluster KubeletPath and NodeName are both needed; leave both out elsewhere.";
        }

        if (options.KubeletPath is { } kubelet && !string.Equals(kubelet, Path.TrimEndingDirectorySeparator(Path.GetFullPath(kubelet)), StringComparison.Ordinal))
        {
            yield return $"KubeletPath: '{kubelet}' is not in its shortest form; leave out '.', '..', '//' and a final '/'.";
        }

        if (options.ServesPods && !Environment.IsPrivilegedProcess)
        {
            yield return "KubeletPath: only a daemon that is root can mount the volumes of pods; run it as root or set Pods to off.";
        }

        foreach (var host in options.DownloadHosts.Where(host => !Host().IsMatch(host)))
        {
            yield return $"DownloadHosts: '{host}' is not a host such as files.example.org, files.example.org:8443 or *.example.org.";
        }

        foreach (var (option, path) in Files(options))
        {
            if (!string.IsNullOrEmpty(path) && !File.Exists(path))
            {
                yield return $"{option}: there is no file '{path}'.";
            }
        }
    }

    [GeneratedRegex(@"\A(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Host();

    private static IEnumerable<(string Option, string? Path)> Files(NodeOptions options) =>
    [
        (nameof(NodeOptions.PolicyPath), options.PolicyPath),
        (nameof(NodeOptions.DownloadCaPath), options.DownloadCaPath),
        ("Tcp.CertificatePath", options.Tcp?.CertificatePath),
        ("Tcp.KeyPath", options.Tcp?.KeyPath),
        ("Tcp.ClientCaPath", options.Tcp?.ClientCaPath),
    ];
}
