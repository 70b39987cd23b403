using System.ComponentModel;
using System.Diagnostics;
using k8s.Models;
using Templating.Kubernetes;

// The ban is for processes that outlive ours; kubectl ends with this command.
#pragma warning disable RS0030

namespace Templating.Kubectl.Cluster;

/// <summary>
/// Runs a program in a VM's container through kubectl, whose plugin this is: the pods/exec subresource, with the terminal, its
/// size and the exit code as people know them from kubectl exec.
/// </summary>
internal static class KubectlExec
{
    private const string Program = "kubectl";

    /// <summary>With this process's own terminal; returns the program's exit code.</summary>
    public static async Task<int> AttachAsync(
        ClusterConnection cluster, V1Pod pod, bool terminal, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        using var process = Start(new ProcessStartInfo(Program, Arguments(cluster, pod, terminal ? ["-i", "-t"] : ["-i"], command)));
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    /// <summary>Its output; null where it failed, which for one of many VMs is no reason to stop.</summary>
    public static async Task<string?> ReadAsync(
        ClusterConnection cluster, V1Pod pod, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var (code, output, _) = await CaptureAsync(Arguments(cluster, pod, [], command), cancellationToken);
        return code == 0 ? output : null;
    }

    /// <summary>The context that kubectl would use, with all that its files and variables say, as one kubeconfig.</summary>
    public static async Task<string> ConfigAsync(ConnectionOptions options, CancellationToken cancellationToken)
    {
        var (code, output, error) = await CaptureAsync(
            [.. Where(options), "config", "view", "--raw", "--flatten", "--minify", "-o", "yaml"], cancellationToken);
        return code == 0 ? output : throw new PluginException($"kubectl has no cluster to go to: {error.Trim()}");
    }

    internal static IEnumerable<string> Arguments(
        ClusterConnection cluster, V1Pod pod, IReadOnlyList<string> flags, IReadOnlyList<string> command)
    {
        return [.. Where(cluster.Options), "exec", .. flags, "-n", pod.Metadata.NamespaceProperty, "-c", Keys.Container, pod.Metadata.Name, "--", .. command];
    }

    private static IEnumerable<string> Where(ConnectionOptions options)
    {
        if (options.Kubeconfig is { } file)
        {
            yield return $"--kubeconfig={file}";
        }

        if (options.Context is { } context)
        {
            yield return $"--context={context}";
        }
    }

    private static async Task<(int Code, string Output, string Error)> CaptureAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Start(new ProcessStartInfo(Program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, output, await error);
    }

    private static Process Start(ProcessStartInfo info)
    {
        try
        {
            return Process.Start(info) ?? throw new PluginException($"{Program} could not be started.");
        }
        catch (Win32Exception e)
        {
            throw new PluginException($"{Program} could not be started: {e.Message}. It must be in the PATH.", e);
        }
    }
}
