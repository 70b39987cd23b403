using System.Buffers.Binary;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Conversations;

/// <summary>HELLO, and the WELCOME that answers it. All that comes before is of a conversation before this one.</summary>
internal static class Greeting
{
    private const int WelcomePayload = PortLimits.Nonce + sizeof(ushort) + (4 * sizeof(uint));
    private const int Buffer = 16 * 1024;

    /// <param name="port">The guest's.</param>
    /// <param name="resynchronise">Whether a frame that a predecessor may have left half sent is ended first.</param>
    /// <param name="cancellationToken">Ends the patience.</param>
    /// <returns>Its limits, and what it said after them.</returns>
    /// <exception cref="OwnerPortException">The port closed, or its WELCOME is none.</exception>
    public static async Task<(GuestLimits Limits, ReadOnlyMemory<byte> After)> GreetAsync(Stream port, bool resynchronise, CancellationToken cancellationToken)
    {
        // Of the kernel's generator (122 bits), and without OpenSSL, which RandomNumberGenerator brings: 4 MB in each pod's shim.
        var nonce = Guid.NewGuid().ToByteArray();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Both at once: a guest may not read before what it has to say has gone.
        var sending = SendAsync(port, nonce, resynchronise, end.Token);
        try
        {
            var found = await FindAsync(port, nonce, end.Token);
            await sending;
            return found;
        }
        finally
        {
            await end.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync(Stream port, byte[] nonce, bool resynchronise, CancellationToken cancellationToken)
    {
        var zeros = new byte[Buffer];
        for (var left = resynchronise ? PortLimits.ResyncZeros : 0; left > 0; left -= Buffer)
        {
            await port.WriteAsync(zeros.AsMemory(0, Math.Min(left, Buffer)), cancellationToken);
        }

        await port.WriteAsync(new FrameBuilder(FrameType.Hello).Raw("TGOWNER1"u8).U16(PortLimits.Version).Raw(nonce).Build(0), cancellationToken);
    }

    private static async Task<(GuestLimits, ReadOnlyMemory<byte>)> FindAsync(Stream port, byte[] nonce, CancellationToken cancellationToken)
    {
        var wanted = Wanted(nonce);
        var buffer = new byte[Buffer];
        var end = 0;
        while (true)
        {
            var got = await port.ReadAsync(buffer.AsMemory(end), cancellationToken);
            if (got == 0)
            {
                throw new OwnerPortException("The port closed before the guest answered to HELLO.");
            }

            end += got;
            var at = buffer.AsSpan(0, end).IndexOf(wanted);
            if (at >= 0 && end - at >= PortLimits.Header + WelcomePayload)
            {
                var rest = at + PortLimits.Header + WelcomePayload;
                return (GuestLimits.Read(buffer.AsSpan(at + wanted.Length, rest - at - wanted.Length)), buffer.AsMemory(rest, end - rest));
            }

            // What cannot be its begin any more is dropped.
            var kept = at >= 0 ? end - at : Math.Min(end, wanted.Length - 1);
            buffer.AsSpan(end - kept, kept).CopyTo(buffer);
            end = kept;
        }
    }

    private static byte[] Wanted(byte[] nonce)
    {
        var header = new byte[PortLimits.Header];
        header[0] = (byte)FrameType.Welcome;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(sizeof(byte) + sizeof(uint)), WelcomePayload);
        return [.. header, .. nonce];
    }
}
