using System.Globalization;

namespace Templating.Testing.Nodes;

/// <summary>A block device of this host on a file of a test's. It takes root.</summary>
public sealed class LoopDevice : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private LoopDevice()
    {
    }

    /// <summary>Such as /dev/loop3.</summary>
    public string Path { get; private set; } = "";

    public string File => _folder["disk"];

    public uint Major { get; private set; }

    public uint Minor { get; private set; }

    public static async Task<LoopDevice> MakeAsync(long bytes)
    {
        var loop = new LoopDevice();
        try
        {
            await using (var file = System.IO.File.Create(loop.File))
            {
                file.SetLength(bytes);
            }

            loop.Path = (await RunAsync("losetup", "--find", "--show", loop.File)).Trim();
            var numbers = (await System.IO.File.ReadAllTextAsync($"/sys/class/block/{System.IO.Path.GetFileName(loop.Path)}/dev")).Trim().Split(':');
            (loop.Major, loop.Minor) = (uint.Parse(numbers[0], CultureInfo.InvariantCulture), uint.Parse(numbers[1], CultureInfo.InvariantCulture));
            return loop;
        }
        catch
        {
            await loop.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Path.Length > 0)
        {
            await RunAsync("losetup", "--detach", Path);
        }

        _folder.Dispose();
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var run = await Programs.RunAsync(program, arguments, CancellationToken.None);
        return run.ExitCode == 0 ? run.Output : throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' failed: {run.Error}");
    }
}
