using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Guests;

/// <summary>The guest of docs/debian-guest.md, made by the page's own commands, and both templates of it on a daemon.</summary>
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
        var root = await DebianRoot.GetAsync(limit.Token);
        _node = await TestNode.StartEmptyAsync();
        Directory.CreateDirectory(Home);
        await DebianRoot.ShellAsync(Home, $"cp -a {root}/debian-guest .", limit.Token);
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
        DebianRoot.ShellAsync(
            Home, $"repository={Repository.Root}\ncd ~/debian-guest\n{commands}", cancellationToken,
            ("PATH", $"{Path.GetDirectoryName(NodeExecutable.Path)}:{Environment.GetEnvironmentVariable("PATH")}"),
            ("TEMPLATING_ADDRESS", "unix://" + _node!.Folder.Socket));

    private string Home => _node!.Folder["home"];
}
