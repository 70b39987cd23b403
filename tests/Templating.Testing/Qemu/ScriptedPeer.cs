using System.Net.Sockets;
using System.Text;

namespace Templating.Testing.Qemu;

/// <summary>The other end of a conversation in lines, which a test speaks itself.</summary>
public class ScriptedPeer : IDisposable
{
    private readonly Socket _socket;
    private readonly StreamReader _reader;

    public ScriptedPeer(Socket socket)
    {
        _socket = socket;
        _reader = new StreamReader(new NetworkStream(socket), Encoding.Latin1);
    }

    /// <summary>What the code under test sent; null at its end.</summary>
    public Task<string?> ReadLineAsync() => _reader.ReadLineAsync().Soonest();

    public Task SendLineAsync(string line) => SendAsync(line + "\n");

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes).AsTask().Soonest()..];
        }
    }

    /// <summary>Sends as much as the other takes before it hangs up.</summary>
    public async Task FloodAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await SendAsync(bytes);
        }
        catch (SocketException)
        {
            // That is what a flood deserves.
        }
    }

    public void Close() => _socket.Dispose();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        _socket.Dispose();
        _reader.Dispose();
    }
}
