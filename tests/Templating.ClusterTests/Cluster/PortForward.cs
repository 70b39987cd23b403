#pragma warning disable RS0030 // The ban is on src, whose QEMUs must outlive it.
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Polling = Templating.Testing.Eventually;

namespace Templating.ClusterTests.Cluster;

/// <summary><c>kubectl port-forward</c> to one port, as long as it is held.</summary>
internal sealed partial class PortForward : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _kubectl;

    private PortForward(Process kubectl, int port)
    {
        (_kubectl, Port) = (kubectl, port);
        // Its further lines would fill the pipe.
        _ = kubectl.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        _ = kubectl.StandardError.BaseStream.CopyToAsync(Stream.Null);
    }

    /// <summary>On 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Once the node's runtime answers, which may have been started again.</summary>
    public static Task<PortForward> ToAsync(PodBatch pods, string name, int port) =>
        Eventually.SeeAsync(() => TryAsync(pods, name, port), _ => true, $"port {port} of {name} to be forwarded");

    /// <summary>The page at that port, which may not be served yet.</summary>
    public Task<string> SeeAsync(string path) => Polling.SeeAsync(() => TryAsync(path), _ => true, $"an answer by port {Port}", Limit);

    public async Task<byte[]> GetAsync(string path)
    {
        using var client = new HttpClient { Timeout = Limit };
        return await client.GetByteArrayAsync(new Uri($"http://127.0.0.1:{Port}{path}"));
    }

    public void Dispose() => End(_kubectl);

    private static async Task<PortForward?> TryAsync(PodBatch pods, string name, int port)
    {
        var info = new ProcessStartInfo("kubectl", ["port-forward", $"pod/{pods.Name(name)}", "-n", pods.Namespace, "--address", "127.0.0.1", $":{port}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(info) ?? throw new InvalidOperationException("kubectl did not start.");
        try
        {
            if (Said().Match(await process.StandardOutput.ReadLineAsync().WaitAsync(Limit) ?? "") is { Success: true } found)
            {
                return new PortForward(process, int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture));
            }
        }
        catch
        {
            End(process);
            throw;
        }

        End(process);
        return null;
    }

    private async Task<string?> TryAsync(string path)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(await GetAsync(path));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    [GeneratedRegex(@"^Forwarding from 127\.0\.0\.1:(\d+) ->")]
    private static partial Regex Said();
}
