using Templating.Core.Linux;

namespace Templating.Node.Commands.Runtimes;

/// <summary>Puts files of the host in place: whoever looks sees the old one or the new one, also after a crash.</summary>
internal static class HostFiles
{
    private const string Temporary = ".templating-new";
    private const string BackupEnd = ".templating-backup";

    public static string BackupOf(string path) => path + BackupEnd;

    public static void Put(PlannedFile file) => Put(file.Path, file.New, file.Mode);

    /// <param name="bytes">Null: it is removed.</param>
    public static void Put(string path, byte[]? bytes, UnixFileMode mode)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (bytes is null)
        {
            File.Delete(path);
        }
        else
        {
            FileSystem.MakeMissingFolder(folder);
            var there = FileStamp.TryRead(path);
            var temporary = path + Temporary;
            // Of an installation that was killed.
            File.Delete(temporary);
            using (var made = FileSystem.MakeFile(temporary, there is { } old ? (UnixFileMode)(old.Mode & 0xFFF) : mode))
            {
                FileSystem.Write(made, bytes, 0, temporary);
                if (there is { } owner)
                {
                    FileSystem.Check(LibC.ChangeOwner(made, owner.Uid, owner.Gid), "set the owner of", temporary);
                }

                FileSystem.Sync(made, temporary);
            }

            FileSystem.Rename(temporary, path);
        }

        if (Directory.Exists(folder))
        {
            FileSystem.SyncFolder(folder);
        }
    }
}
