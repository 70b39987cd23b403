using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// A file whose lock (flock(2)) keeps a second process out; the kernel lets go of it when the owner dies, however it dies. Whoever
/// may open a file may lock it, and so nobody but the owner may open this one.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <param name="path">Made where it is missing, in a folder where nobody else may make one.</param>
    /// <param name="owner">Who has it, in words; empty where it was taken.</param>
    /// <returns>Null where another process has it.</returns>
    /// <exception cref="IOException">It cannot be locked at all.</exception>
    public static FileLock? TryTake(string path, out string owner)
    {
        var file = FileSystem.OpenOwn(path);
        try
        {
            if (LibC.Flock(file, LibC.LockExclusive | LibC.LockNonBlocking) == 0)
            {
                WriteOwner(file);
                owner = "";
                return new FileLock(file);
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != Errno.Again)
            {
                throw FileSystem.Error(error, "lock", path);
            }

            Span<byte> text = stackalloc byte[16];
            owner = Encoding.ASCII.GetString(text[..RandomAccess.Read(file, text, 0)]).Trim();
            owner = owner.Length > 0 && owner.All(char.IsAsciiDigit) ? "process " + owner : "another process";
            file.Dispose();
            return null;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>For people: the lock is the kernel's, the text only says whose it is, and no full disk keeps a daemon from starting.</summary>
    private static void WriteOwner(SafeFileHandle file)
    {
        try
        {
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"), 0);
        }
        catch (IOException e) when (e.HResult is Errno.NoSpace or Errno.QuotaExceeded)
        {
            // Who asks is told of "another process".
        }
    }
}
