using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// A stretch of numbers that is one process's, by a lock on as many bytes of a file (fcntl(2), open file description locks): the
/// kernel sees where two overlap, and lets go when the owner dies.
/// </summary>
internal sealed class RangeLock : IDisposable
{
    private const short WriteLock = 1;
    private const int SetLock = 37;
    private const int GetLock = 36;

    private readonly SafeFileHandle _file;

    private RangeLock(SafeFileHandle file) => _file = file;

    /// <param name="path">Made where it is missing, in a folder where nobody else may make one.</param>
    /// <param name="first">The first number.</param>
    /// <param name="count">How many.</param>
    /// <param name="other">The stretch that another process has, where the two overlap.</param>
    /// <returns>Null where they do.</returns>
    /// <exception cref="IOException">It cannot be locked at all.</exception>
    public static RangeLock? TryTake(string path, long first, long count, out (long First, long Count) other)
    {
        other = default;
        var file = FileSystem.OpenOwn(path);
        try
        {
            var range = new LibC.FileRange { Type = WriteLock, Start = first, Length = count };
            if (LibC.Fcntl(file, SetLock, ref range) == 0)
            {
                return new RangeLock(file);
            }

            var error = Marshal.GetLastPInvokeError();
            if (error is not (Errno.Again or Errno.Access))
            {
                throw FileSystem.Error(error, "lock", path);
            }

            other = LibC.Fcntl(file, GetLock, ref range) == 0 ? (range.Start, range.Length) : (first, count);
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
}
