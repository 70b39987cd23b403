using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>Keeps a second process out. The kernel lets go of it when the owner dies, however it dies.</summary>
internal sealed class StoreLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private StoreLock(SafeFileHandle file) => _file = file;

    public static StoreLock Take(StoreLayout layout)
    {
        var file = FileSystem.Open(layout.Lock, LibC.OpenReadWrite | LibC.OpenCreate, 0x180 /* 0600 */);
        if (LibC.Flock(file, LibC.LockExclusive | LibC.LockNonBlocking) == 0)
        {
            // For people: the lock is the kernel's, the text only says whose it is.
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"), 0);
            return new StoreLock(file);
        }

        var error = Marshal.GetLastPInvokeError();
        using (file)
        {
            if (error != Errno.Again)
            {
                throw FileSystem.Error(error, "lock", layout.Lock);
            }

            Span<byte> text = stackalloc byte[16];
            var owner = Encoding.ASCII.GetString(text[..RandomAccess.Read(file, text, 0)]).Trim();
            owner = owner.Length > 0 && owner.All(char.IsAsciiDigit) ? "process " + owner : "another process";
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"The store {layout.Root} is owned by {owner}, and only one can own it: stop that one, or use another folder.");
        }
    }

    public void Dispose() => _file.Dispose();
}
