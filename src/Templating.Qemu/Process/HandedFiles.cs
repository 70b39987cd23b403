using System.Globalization;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>
/// The descriptors a program is started with. Files are opened by the daemon and handed over: the program needs no way to
/// them, and can be given one that leads nowhere else.
/// </summary>
internal sealed class HandedFiles : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly List<int> _descriptors = [];

    /// <summary>In the order of <see cref="SpawnRequest.Descriptors"/>.</summary>
    public IReadOnlyList<int> Descriptors => _descriptors;

    /// <returns>The number under which the program has it.</returns>
    public int Add(int descriptor)
    {
        _descriptors.Add(descriptor);
        return Spawner.FirstDescriptor + _descriptors.Count - 1;
    }

    /// <summary>Keeps something of which a descriptor is handed over until that has happened.</summary>
    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <exception cref="TemplatingException">HostExhausted, HostUnusable. Internal: it is not there, or is no regular file.</exception>
    public HandedFile Open(string path, FileUse use)
    {
        try
        {
            var file = Own(FileSystem.OpenRegular(path, (int)use, out var stamp));
            var descriptor = file.DangerousGetHandle().ToInt32();
            var name = new FileInfo(string.Create(CultureInfo.InvariantCulture, $"{HandedFile.Folder}{descriptor}")).LinkTarget;
            return new HandedFile(Add(descriptor), name ?? path, stamp.Size);
        }
        catch (IOException e)
        {
            throw HostFailure.Find(e) ?? new TemplatingException(ErrorCode.Internal, $"The VM's file cannot be opened: {e.Message}", e);
        }
    }

    public void Dispose() => _owned.ForEach(file => file.Dispose());
}
