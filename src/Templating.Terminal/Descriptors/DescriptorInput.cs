using System.Runtime.InteropServices;

namespace Templating.Terminal.Descriptors;

/// <summary>
/// A file descriptor read as it is. Console.OpenStandardInput would read a terminal by lines and echo by itself, which
/// a raw console must not. A blocked read cannot be cancelled: it waits on a pool thread that ends with the process.
/// </summary>
internal sealed class DescriptorInput(int descriptor) : DescriptorStream
{
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _handle = StandardDescriptors.Handle(descriptor);

    public override bool CanRead => true;

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            if (_handle.IsInvalid)
            {
                throw Fault(LibC.BadDescriptor);
            }

            var count = LibC.Read(_handle, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (count >= 0)
            {
                return (int)count;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == LibC.WouldBlock)
            {
                // Whoever shares the descriptor made it so; we wait as for any other.
                Wait(_handle, LibC.Readable);
            }
            else if (error != LibC.Interrupted)
            {
                throw Fault(error);
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await Task.Run(() => Read(buffer.Span), cancellationToken).WaitAsync(cancellationToken);

    private static IOException Fault(int error) => new($"Cannot read standard input: {Marshal.GetPInvokeErrorMessage(error)}.");
}
