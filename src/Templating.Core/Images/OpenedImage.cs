using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Images;

/// <summary>What is to be published, opened: what was judged is what is read.</summary>
internal sealed class OpenedImage(IReadOnlyList<(SafeFileHandle Handle, string Path)> parts) : IDisposable
{
    public IReadOnlyList<(SafeFileHandle Handle, string Path)> Parts => parts;

    public IReadOnlyList<SafeFileHandle> Handles => [.. parts.Select(part => part.Handle)];

    public void Dispose()
    {
        foreach (var (handle, _) in parts)
        {
            handle.Dispose();
        }
    }
}
