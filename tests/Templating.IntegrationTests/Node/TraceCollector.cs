using System.Net;
using System.Text;
using System.Threading.Channels;

namespace Templating.IntegrationTests.Node;

/// <summary>Stands for an OpenTelemetry collector: takes OTLP over HTTP, and keeps what it got as it came.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Channel<byte[]> _arrived = Channel.CreateUnbounded<byte[]>();
    private readonly List<byte[]> _seen = [];
    private readonly Task _receiving;

    public TraceCollector(int port)
    {
        Address = $"http://127.0.0.1:{port}";
        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _receiving = ReceiveAsync();
    }

    public string Address { get; }

    /// <summary>Until an export came that holds a span of that name and that trace.</summary>
    public async Task WaitForAsync(byte[] trace, string span, CancellationToken cancellationToken)
    {
        var name = Encoding.ASCII.GetBytes(span);
        while (!_seen.Any(e => e.AsSpan().IndexOf(trace) >= 0 && e.AsSpan().IndexOf(name) >= 0))
        {
            _seen.Add(await _arrived.Reader.ReadAsync(cancellationToken));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _receiving;
    }

    private async Task ReceiveAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // closed
            }

            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            if (context.Request.Url?.AbsolutePath == "/v1/traces")
            {
                _arrived.Writer.TryWrite(body.ToArray());
            }

            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }
}
