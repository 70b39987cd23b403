using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>posix_spawn(3) of glibc. Its objects are opaque; 512 bytes is more than any of them has (at most 336).</summary>
internal static unsafe partial class SpawnCalls
{
    public const int ObjectSize = 512;
    public const short SetSignalDefaults = 0x04;
    public const short SetSignalMask = 0x08;
    public const short SetSession = 0x80;

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    internal static partial int Spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** argv, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    internal static partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    internal static partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    internal static partial int AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    internal static partial int AttributesSetSignalDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    internal static partial int AttributesSetSignalMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int ActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int ActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int ActionsAddDup(byte* actions, int fd, int newFd);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    internal static partial int ActionsAddCloseFrom(byte* actions, int from);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ActionsAddOpen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    internal static partial int FillSignals(byte* set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    internal static partial int EmptySignals(byte* set);
}
