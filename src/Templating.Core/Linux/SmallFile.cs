namespace Templating.Core.Linux;

/// <summary>Files of the daemon's own that are read and written whole: records, caches.</summary>
internal static class SmallFile
{
    /// <summary>
    /// Judges what was opened: a link is not followed, a named pipe not waited for, and no more is read than the file may have.
    /// Whoever put another thing in its place costs a message.
    /// </summary>
    /// <exception cref="IOException">It is not there, is no regular file, or is larger.</exception>
    public static byte[] Read(string path, int maxBytes)
    {
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out var stamp);
        if (stamp.Size > maxBytes)
        {
            throw new IOException($"{path} has {stamp.Size} bytes, and at most {maxBytes} are expected.");
        }

        var bytes = new byte[stamp.Size];
        var size = RandomAccess.Read(file, bytes, 0);
        return size == bytes.Length ? bytes : bytes[..size];
    }

    /// <summary>A rename: whoever looks sees the old one or the new one, also after a kill. Nobody but the owner may read it.</summary>
    /// <param name="path">Its folder is there.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="durable">Whether it is on the disk when this returns: for what outlives the host's boot.</param>
    public static void Replace(string path, ReadOnlySpan<byte> bytes, bool durable = false)
    {
        var temporary = path + ".new";
        // Of a write that a kill ended; what lies there is not opened, whatever it is.
        File.Delete(temporary);
        try
        {
            using (var file = FileSystem.MakeFile(temporary, FileSystem.OwnerOnlyFile))
            {
                FileSystem.Write(file, bytes, 0, temporary);
                if (durable)
                {
                    FileSystem.Sync(file, temporary);
                }
            }

            File.Move(temporary, path, overwrite: true);
            if (durable)
            {
                FileSystem.SyncFolder(Path.GetDirectoryName(path)!);
            }
        }
        catch (IOException)
        {
            // On a full disk nothing of it stays.
            File.Delete(temporary);
            throw;
        }
    }
}
