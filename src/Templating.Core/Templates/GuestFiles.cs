using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Core.Templates;

/// <summary>Opens the files of the node that a spec names, as far as the caller may have them read.</summary>
public static class GuestFiles
{
    /// <summary>
    /// Looks at every file a spec names. Call it after <see cref="TemplateSpecValidator.Validate"/> found nothing: it
    /// takes the paths for well-formed.
    /// </summary>
    /// <returns>All faults; empty when there is none.</returns>
    public static IReadOnlyList<FieldViolation> ValidateFiles(TemplateSpec spec, GuestFilePolicy policy)
    {
        var faults = new List<FieldViolation>();
        var guest = spec.Guest;
        Check(GuestSpec.Field("kernel", guest.KernelSource is not null), guest.KernelFile(), (path, file) =>
            SizeProblem(path, RandomAccess.GetLength(file), FileLimits.MaxKernelBytes) ?? BootFiles.KernelProblem(path, file));
        if (guest.InitrdFile() is { } initrd)
        {
            Check(GuestSpec.Field("initrd", guest.InitrdSource is not null), initrd, (path, file) =>
                SizeProblem(path, RandomAccess.GetLength(file), FileLimits.MaxInitrdBytes) ?? BootFiles.InitrdProblem(path, file));
        }

        foreach (var (i, image) in guest.ImageFiles().Index())
        {
            Check(GuestSpec.Field("image", guest.ImageSources is not null, i), image, (path, file) =>
                ImageProblem(path, RandomAccess.GetLength(file)));
        }

        return faults;

        void Check(string field, FileSource source, Func<string, SafeFileHandle, string?> find)
        {
            if (source.Path is not { } path)
            {
                return; // it is fetched first
            }

            using var file = TryOpen(path, policy, out var problem);
            problem ??= find(path, file!);
            if (problem is not null)
            {
                faults.Add(new FieldViolation(field, problem));
            }
        }
    }

    /// <summary>
    /// Opens a file and judges what was opened, not what the path led to a moment ago. Null and a problem when it is
    /// not a regular file, empty, unreadable, or not one the caller may have read.
    /// </summary>
    public static SafeFileHandle? TryOpen(string path, GuestFilePolicy policy, out string? problem)
    {
        // The flag for not waiting: a named pipe must not hold the daemon up. Links are followed and judged below.
        var descriptor = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenNonBlock | LibC.OpenCloseOnExec, 0);
        var error = Marshal.GetLastPInvokeError();
        if (descriptor < 0)
        {
            // One answer for "is not there" and "may not be looked at": the daemon is no oracle for others' files.
            problem = policy.Folders is null || policy.Allows(path)
                ? $"{Quote.Text(path)} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}; name a file that is on the node."
                : Outside(path, policy);
            return null;
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        var resolved = new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
        var stamp = FileStamp.Read(file, path);
        problem = resolved is null || !policy.Allows(resolved) ? Outside(path, policy)
            : !stamp.IsRegularFile ? $"{Quote.Text(path)} is {stamp.Kind}; name a regular file."
            : stamp.Size == 0 ? $"{Quote.Text(path)} is empty; name the file that was meant."
            : null;
        if (problem is null)
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    /// <summary>Null when a file of that length can be a kernel or an initrd.</summary>
    internal static string? SizeProblem(string path, long size, long maxBytes) => size > maxBytes
        ? $"{Quote.Text(path)} has {size} bytes; at most {maxBytes} ({maxBytes >> 20} MiB) are allowed: name a smaller file, and put what is large into an image."
        : null;

    /// <summary>Null when a file of that length can be a read-only NVDIMM.</summary>
    internal static string? ImageProblem(string path, long size) =>
        size > FileLimits.MaxBytes ? $"{Quote.Text(path)} has {size} bytes; at most {FileLimits.MaxBytes} are allowed."
        : size % FileLimits.ImageAlignment == 0 ? null
        : $"{Quote.Text(path)} has {size} bytes; an NVDIMM needs a multiple of 2 MiB ({FileLimits.ImageAlignment}): enlarge it with 'truncate -s %2M FILE', which filesystems bear.";

    /// <summary>Null when there is no such folder.</summary>
    internal static string? ResolveFolder(string folder)
    {
        var descriptor = LibC.Open(folder, LibC.OpenReadOnly | LibC.OpenDirectory | LibC.OpenCloseOnExec, 0);
        if (descriptor < 0)
        {
            return null;
        }

        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        return new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
    }

    private static string Outside(string path, GuestFilePolicy policy) =>
        $"{Quote.Text(path)} does not lie, links resolved, in a folder for guest files ({string.Join(", ", policy.Folders ?? [])}); put it there or ask the operator to allow its folder.";
}
