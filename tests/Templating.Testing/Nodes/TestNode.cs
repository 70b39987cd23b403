using Grpc.Core;
using Templating.Api.Client;
using Templating.V1;

namespace Templating.Testing.Nodes;

/// <summary>A node of a test's own: folders and the daemon that serves them, which may be another one later.</summary>
public sealed class TestNode : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, string> _settings;

    /// <summary>Its daemon never served; all was ended then.</summary>
    private bool _gone;

    private TestNode(NodeFolder folder, Dictionary<string, string> settings)
    {
        Folder = folder;
        _settings = settings;
        Daemon = NodeDaemon.Launch(folder, settings);
    }

    public NodeFolder Folder { get; }

    public NodeDaemon Daemon { get; private set; }

    public TemplatingClient Client => Daemon.Client;

    /// <summary>With an empty store.</summary>
    public static Task<TestNode> StartEmptyAsync(params (string Name, string Value)[] settings) => StartAsync(new NodeFolder(), settings);

    /// <summary>With the template <see cref="PreparedStore.Template"/>, which is booted once for all tests.</summary>
    public static async Task<TestNode> StartAsync(params (string Name, string Value)[] settings)
    {
        var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        return await StartAsync(folder, settings);
    }

    public static async Task<TestNode> StartAsync(NodeFolder folder, params (string Name, string Value)[] settings)
    {
        var node = new TestNode(folder, settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal));
        await node.WaitServingAsync();
        return node;
    }

    /// <summary>Another daemon on the same folders; the one before must have ended.</summary>
    public async Task RestartAsync(params (string Name, string Value)[] settings)
    {
        Daemon.Dispose();
        foreach (var (name, value) in settings)
        {
            _settings[name] = value;
        }

        Daemon = NodeDaemon.Launch(Folder, _settings);
        await WaitServingAsync();
    }

    /// <summary>Deletes all pools and clones, and tells what is left then, which should be nothing.</summary>
    public async Task<IReadOnlyList<string>> CleanAsync(CancellationToken cancellationToken)
    {
        await foreach (var pool in Client.Pools.ListAllAsync("tenants/-", cancellationToken: cancellationToken))
        {
            await Client.Pools.DeletePoolAsync(new DeletePoolRequest { Name = pool.Name }, cancellationToken: cancellationToken);
        }

        var clones = new List<string>();
        await foreach (var clone in Client.Clones.ListAllAsync(new ListClonesRequest { Parent = "tenants/-" }, cancellationToken: cancellationToken))
        {
            clones.Add(clone.Name);
        }

        await Task.WhenAll(clones.Select(name => DeleteAsync(name, cancellationToken)));
        return await Folder.LeftOversAsync(cancellationToken);
    }

    private async Task DeleteAsync(string clone, CancellationToken cancellationToken)
    {
        try
        {
            await Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone }, cancellationToken: cancellationToken);
        }
        catch (TemplatingClientException gone) when (gone.Code == StatusCode.NotFound)
        {
            // A sandbox goes by itself when its owner's call ends.
        }
    }

    /// <summary>Ends all, and fails when anything was left that should not be.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_gone)
        {
            return;
        }

        using var limit = new CancellationTokenSource(StartLimit);
        try
        {
            var left = Daemon.IsRunning ? await CleanAsync(limit.Token) : Folder.LeftOvers();
            await Daemon.StopAsync(limit.Token);
            left = [.. left, .. VmProcesses.Of(Folder.Blanks).Select(pid => $"blank process {pid}")];
            if (left.Count > 0)
            {
                throw new InvalidOperationException($"Left behind: {string.Join(", ", left)}");
            }
        }
        finally
        {
            Daemon.Dispose();
            Folder.Dispose();
        }
    }

    private async Task WaitServingAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        var serving = false;
        try
        {
            await Daemon.WaitServingAsync(limit.Token);
            serving = true;
        }
        finally
        {
            if (!serving)
            {
                _gone = true;
                Daemon.Dispose();
                Folder.Dispose();
            }
        }
    }
}
