using System.Globalization;
using System.Text;
using Templating.Qemu.Process;

namespace Templating.Node.Commands.Runtimes;

/// <summary>Runs a command where the host's first process is: from a container with the host's processes that is the host itself.</summary>
/// <param name="folder">Where what it says is kept while it runs.</param>
internal sealed class HostShell(string folder) : IHostShell
{
    // It goes into a message.
    private const int MaxShown = 2048;

    private static readonly string[] OnTheHost =
        ["/usr/bin/nsenter", "--target", "1", "--mount", "--uts", "--ipc", "--net", "--pid", "--"];

    public async Task<string?> RunAsync(string command, TimeSpan patience, CancellationToken cancellationToken)
    {
        var output = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"templating-restart-{Environment.ProcessId}.log"));
        try
        {
            return await HostProgram.RunAsync([.. Prefix(), "/bin/sh", "-c", command], output, patience, cancellationToken) switch
            {
                0 => null,
                { } code => $"'{command}' failed with exit code {code.ToString(CultureInfo.InvariantCulture)}: {Said(output)}",
                null => $"'{command}' was killed: {Said(output)}",
            };
        }
        catch (TimeoutException)
        {
            return $"'{command}' did not end within {patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s: {Said(output)}";
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static string[] Prefix() =>
        new FileInfo("/proc/1/ns/mnt").LinkTarget is { } host && host != new FileInfo("/proc/self/ns/mnt").LinkTarget ? OnTheHost : [];

    private static string Said(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var text = Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, MaxShown))).Trim();
        return text.Length == 0 ? "it said nothing." : text;
    }
}
