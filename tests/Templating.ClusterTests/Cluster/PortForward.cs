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

    public static async Task<PortForward> ToAsync(PodBatch pods, string name, int port)
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
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Limit);
            var found = Said().Match(line ?? "");
            return found.Success
                ? new PortForward(process, int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture))
                : throw new InvalidOperationException($"kubectl port-forward said '{line}': {await process.StandardError.ReadToEndAsync()}");
        }
        catch
        {
            End(process);
            throw;
        }
    }

    /// <summary>The page at that port, which may not be served yet.</summary>
    public Task<string> SeeAsync(string path) => Polling.SeeAsync(() => TryAsync(path), _ => true, $"an answer by port {Port}", Limit);

    public async Task<byte[]> GetAsync(string path)
    {
        using var client = new HttpClient { Timeout = Limit };
        return await client.GetByteArrayAsync(new Uri($"http://127.0.0.1:{Port}{path}"));
    }

    public void Dispose() => End(_kubectl);

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
