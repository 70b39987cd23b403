using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Guests;

/// <summary>
/// The guest of docs/debian-guest.md, made by the page's own commands, and both templates of it on a daemon. Its root file system takes a minute and
/// Debian's mirror; it is made once and kept in the cache until its commands change.
/// </summary>
public sealed class DebianGuest : IAsyncLifetime
{
    private static readonly TimeSpan MakeLimit = TimeSpan.FromMinutes(10);

    private TestNode? _node;

    /// <summary>Null where this may not be done: mmdebstrap and the daemon's jail need root.</summary>
    public TestNode? Node => _node;

    internal Walkthrough Page { get; } = new("debian-guest.md");

    public async Task InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        using var limit = new CancellationTokenSource(MakeLimit);
        var made = await MakeRootAsync(limit.Token);
        _node = await TestNode.StartEmptyAsync();
        Directory.CreateDirectory(Home);
        await ShellAsync(Home, $"cp -a {made}/debian-guest .", limit.Token);
        await RunAsync(Page.Section(3) + Page[5, 0] + Page[5, 1], limit.Token);
        // Each boots for half a minute and more where there is no KVM.
        await Task.WhenAll(RunAsync(Page[4, 0], limit.Token), RunAsync(Page[5, 2], limit.Token));
    }

    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }

    /// <summary>In the middle of the page's session; what it printed.</summary>
    public Task<string> RunAsync(string commands, CancellationToken cancellationToken) =>
        ShellAsync(Home, $"repository={Repository.Root}\ncd ~/debian-guest\n{commands}", cancellationToken);

    private string Home => _node!.Folder["home"];

    /// <summary>The folder with the page's <c>debian-guest</c> in it, once for all tests.</summary>
    internal async Task<string> MakeRootAsync(CancellationToken cancellationToken)
    {
        var commands = Page.Section(0) + Page.Section(1) + Page.Section(2);
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(commands)))[..16];
        var cache = Path.Combine(Environment.GetEnvironmentVariable("TEMPLATING_CACHE") ?? Path.Combine(Repository.Root, ".cache"), "debian");
        var made = Path.Combine(cache, key);
        if (!Directory.Exists(made))
        {
            var making = string.Create(CultureInfo.InvariantCulture, $"{made}.{Environment.ProcessId}");
            Directory.CreateDirectory(making);
            try
            {
                await ShellAsync(making, $"cd {Repository.Root}\n{commands}", cancellationToken);
                // Not over that of another run, which made the same.
                await ShellAsync(cache, $"mv -nT {making} {made}", cancellationToken);
            }
            finally
            {
                // What mmdebstrap may have left mounted there is the host's.
                await ShellAsync(cache, $"rm -rf --one-file-system {making}", CancellationToken.None);
            }
        }

        return made;
    }

    private async Task<string> ShellAsync(string home, string commands, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = home,
            ["PATH"] = $"{Path.GetDirectoryName(NodeExecutable.Path)}:{Environment.GetEnvironmentVariable("PATH")}",
        };
        if (_node is not null)
        {
            environment["TEMPLATING_ADDRESS"] = "unix://" + _node.Folder.Socket;
        }

        var run = await Programs.RunAsync("/bin/bash", ["-e", "-o", "pipefail"], cancellationToken, environment, $"cd ~\n{commands}\n");
        return run.ExitCode == 0
            ? run.Output
            : throw new InvalidOperationException($"A command of docs/debian-guest.md ended with {run.ExitCode}: {run.Error}\n{run.Output}");
    }
}
