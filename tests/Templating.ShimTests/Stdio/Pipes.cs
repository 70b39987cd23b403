using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.ShimTests.Stdio;

/// <summary>Named pipes as containerd makes them, and its ends of them.</summary>
internal sealed class Pipes : IDisposable
{
    private readonly TempFolder _folder = new();

    private Pipes()
    {
    }

    public string Input => _folder["in"];

    public string Output => _folder["out"];

    public string Error => _folder["err"];

    public string File => _folder["file"];

    public static async Task<Pipes> MakeAsync()
    {
        var pipes = new Pipes();
        (await Programs.RunAsync("/usr/bin/mkfifo", [pipes.Input, pipes.Output, pipes.Error], CancellationToken.None)).ExitCode.ShouldBe(0);
        return pipes;
    }

    /// <summary>Waits for the other side to open it, as open(2) does.</summary>
    public static Task<FileStream> OpenReaderAsync(string path) =>
        Task.Run(() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0)).Soonest();

    public static Task<FileStream> OpenWriterAsync(string path) =>
        Task.Run(() => new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0)).Soonest();

    public void Dispose() => _folder.Dispose();
}
