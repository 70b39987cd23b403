namespace Templating.Testing.Nodes;

/// <summary>A store with one template in it. It is booted once for all tests of the process; a copy of it takes no time.</summary>
public static class PreparedStore
{
    public const string Tenant = "acme";

    public const string Template = $"tenants/{Tenant}/templates/web";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static ChildProcess? _remover;

    // A static field: made at the first use, and whoever comes second awaits the same.
    private static readonly Task<NodeFolder> Made = MakeAsync();

    public static async Task CopyToAsync(NodeFolder target)
    {
        ObjectDisposedException.ThrowIf(_remover?.HasExited is true, typeof(PreparedStore));
        using var limit = new CancellationTokenSource(Limit);
        var source = await Made;
        var copied = await Programs.RunAsync(
            "/bin/cp", ["-a", "--reflink=auto", "--sparse=always", source.Store + "/.", target.Store], limit.Token);
        if (copied.ExitCode != 0)
        {
            throw new IOException(copied.Error);
        }
    }

    private static async Task<NodeFolder> MakeAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var folder = new NodeFolder();
        // Its input ends with this process, however that ends: the test host is killed when it takes its time to exit.
        _remover = new ChildProcess("/bin/sh", ["-c", "read -r _; rm -rf \"$0\"", folder.Path], environment: null, redirect: true);
        using var daemon = NodeDaemon.Launch(folder);
        await daemon.WaitServingAsync(limit.Token);
        await daemon.Client.BuildAsync("web", GuestSpecs.Web(), limit.Token);
        await daemon.StopAsync(limit.Token);
        return folder;
    }
}
