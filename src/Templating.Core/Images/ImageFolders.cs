using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Images;

/// <summary>
/// Opens what a request names, as far as it lies in a folder that the operator allows. The operator's folder may be reached through
/// symbolic links; below it none is followed, so that who can write there cannot lead the daemon elsewhere.
/// </summary>
internal sealed class ImageFolders(IReadOnlyList<string> folders)
{
    public const int MaxLayers = 128;

    /// <summary>PATH_MAX without the NUL.</summary>
    private const int MaxPathBytes = 4095;

    /// <returns>The open folder; null after a fault, which is reported.</returns>
    public SafeFileHandle? OpenFolder(string field, string path, Faults faults) =>
        Open(field, path, LibC.OpenPath | LibC.OpenDirectory, faults);

    /// <returns>The open file, whose length is not 0; null after a fault, which is reported.</returns>
    public SafeFileHandle? OpenFile(string field, string path, Faults faults)
    {
        // Without waiting: a named pipe must not hold the daemon up.
        var file = Open(field, path, LibC.OpenReadOnly | LibC.OpenNonBlock, faults);
        if (file is null)
        {
            return null;
        }

        var stamp = FileStamp.Read(file, path);
        if (stamp is { IsRegularFile: true, Size: > 0 })
        {
            return file;
        }

        faults.Add(field, $"{Quote.Text(path)} is {(stamp.IsRegularFile ? "empty" : stamp.Kind)}; name the file of an image.");
        file.Dispose();
        return null;
    }

    /// <summary>Where it really is, whatever links the operator's folder is reached through.</summary>
    public static string RealPath(SafeFileHandle file) =>
        new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget ?? throw new IOException("/proc does not tell what a descriptor leads to.");

    private SafeFileHandle? Open(string field, string path, int flags, Faults faults)
    {
        if (Problem(path) is { } problem)
        {
            faults.Add(field, problem);
            return null;
        }

        if (folders.FirstOrDefault(f => path.StartsWith(f.TrimEnd('/') + "/", StringComparison.Ordinal)) is not { } allowed)
        {
            faults.Add(field, Outside(path));
            return null;
        }

        var descriptor = LibC.Open(allowed, LibC.OpenPath | LibC.OpenDirectory | LibC.OpenCloseOnExec, 0);
        if (descriptor < 0)
        {
            RequireRoom(Marshal.GetLastPInvokeError(), allowed);
            faults.Add(field, $"The node's folder {Quote.Text(allowed)} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}. Ask the operator to look at --images-folders.");
            return null;
        }

        using var folder = new SafeFileHandle(descriptor, ownsHandle: true);
        var found = TreeCalls.TryOpenBeneath(folder, path[(allowed.TrimEnd('/').Length + 1)..], flags);
        if (found is null)
        {
            var error = Marshal.GetLastPInvokeError();
            RequireRoom(error, path);
            faults.Add(field, error == Errno.SymbolicLinks
                ? $"{Quote.Text(path)} leads through a symbolic link; name the path without one."
                : $"{Quote.Text(path)} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}; name one that is on the node.");
        }

        return found;
    }

    /// <summary>The host's lack of descriptors is no fault of the path.</summary>
    private static void RequireRoom(int error, string path)
    {
        if (HostFailure.Find(error, $"Cannot open {path}: {Marshal.GetPInvokeErrorMessage(error)}", path) is { Code: ErrorCode.HostExhausted } host)
        {
            throw host;
        }
    }

    private static string? Problem(string path) =>
        path.Length == 0 ? "It is empty; give an absolute path."
        : System.Text.Encoding.UTF8.GetByteCount(path) > MaxPathBytes ? $"It has more than {MaxPathBytes} bytes, which no path may have."
        : path[0] != '/' || path.Contains('\0', StringComparison.Ordinal) || !IsShortest(path)
            ? $"{Quote.Text(path)} is not an absolute path in its shortest form; leave out '.', '..', '//' and a final '/'."
        : null;

    private static bool IsShortest(string path) => path.Length > 1 && path[1..].Split('/').All(part => part is not ("" or "." or ".."));

    private string Outside(string path) => folders.Count == 0
        ? $"This node publishes no images: the operator has to name the folders they may come from (--images-folders). {Quote.Text(path)} was asked for."
        : $"{Quote.Text(path)} does not lie in a folder for images ({string.Join(", ", folders)}); put it there or ask the operator to allow its folder (--images-folders).";
}
