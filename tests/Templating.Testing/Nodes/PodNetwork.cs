namespace Templating.Testing.Nodes;

/// <summary>A network namespace with a file, as a pod's has one, and nothing in it but what a test puts there.</summary>
public sealed class PodNetwork : IDisposable
{
    private readonly TempFolder _folder = new();

    private PodNetwork()
    {
    }

    public string Path => _folder["net"];

    public static Task<PodNetwork> MakeAsync() => MakeAsync("--net");

    /// <param name="kind">Another namespace than a network's, as unshare(1) calls it.</param>
    public static Task<PodNetwork> MakeAsync(string kind) => MakeAsync(path => ["unshare", $"{kind}={path}", "true"]);

    /// <summary>The one in which this process is.</summary>
    public static Task<PodNetwork> OfTheHostAsync() => MakeAsync(path => ["mount", "--bind", "/proc/self/ns/net", path]);

    private static async Task<PodNetwork> MakeAsync(Func<string, string[]> program)
    {
        var network = new PodNetwork();
        await File.WriteAllBytesAsync(network.Path, []);
        var command = program(network.Path);
        var made = await Programs.RunAsync(command[0], command[1..], CancellationToken.None);
        if (made.ExitCode != 0)
        {
            network.Dispose();
            throw new InvalidOperationException($"The namespace cannot be made: {made.Error}");
        }

        return network;
    }

    /// <summary>Runs a script there, which must not fail.</summary>
    public async Task<string> RunAsync(string script)
    {
        var run = await Programs.RunAsync("nsenter", [$"--net={Path}", "bash", "-ec", script], CancellationToken.None);
        return run.ExitCode == 0 ? run.Output : throw new InvalidOperationException($"'{script}' failed: {run.Error}");
    }

    public void Dispose()
    {
        Mounts.Detach(Path);
        _folder.Dispose();
    }
}
