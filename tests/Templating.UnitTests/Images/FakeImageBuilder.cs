using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Images;
using Templating.Core.Linux;

namespace Templating.UnitTests.Images;

/// <summary>Makes of each tree a file that looks like an erofs, when it is let.</summary>
internal sealed class FakeImageBuilder : IImageBuilder
{
    private int _builds;

    /// <summary>How many were begun.</summary>
    public int Builds => _builds;

    /// <summary>Completed: builds go on.</summary>
    public TaskCompletionSource Gate { get; set; } = Open();

    public Exception? Failure { get; set; }

    /// <summary>What the superblock says.</summary>
    public long Inodes { get; set; } = 3;

    /// <summary>How large the next image is.</summary>
    public int Bytes { get; set; } = 8192;

    public string Version => "fake";

    public SafeFileHandle Merge(IReadOnlyList<SafeFileHandle> layers, bool isOverlay) =>
        FileSystem.OpenLink($"/proc/self/fd/{layers[0].DangerousGetHandle()}");

    public async Task BuildAsync(SafeFileHandle tree, string path, ImageLimits limits, CancellationToken cancellationToken)
    {
        var build = Interlocked.Increment(ref _builds);
        await Gate.Task.WaitAsync(cancellationToken);
        if (Failure is not null)
        {
            throw Failure;
        }

        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1024), 0xE0F5E1E2);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1024 + 16), Inodes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4096), build);
        await File.WriteAllBytesAsync(path, bytes, cancellationToken);
    }

    public static TaskCompletionSource Closed() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource Open()
    {
        var gate = Closed();
        gate.SetResult();
        return gate;
    }
}
