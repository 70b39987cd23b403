using System.Threading.Channels;
using Templating.Terminal.Tables;

namespace Templating.Node.PodProcess;

/// <summary>Our own lines on standard error. Nobody waits for its reader; where there is none, the oldest lines are lost.</summary>
internal sealed class PodLog : IAsyncDisposable
{
    private const int WaitingLines = 64;

    private static readonly TimeSpan LastLines = TimeSpan.FromSeconds(2);

    private readonly TextWriter _writer;
    private readonly TimeProvider _time;
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(
        new BoundedChannelOptions(WaitingLines) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly Task _writing;

    public PodLog(TextWriter writer, TimeProvider time)
    {
        (_writer, _time) = (writer, time);
        _writing = Task.Run(WriteAllAsync);
    }

    public void Say(string line) => _lines.Writer.TryWrite("templating: " + PlainText.Of(line));

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(LastLines, _time, CancellationToken.None));
    }

    private async Task WriteAllAsync()
    {
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync())
            {
                await _writer.WriteLineAsync(line);
            }
        }
        catch (IOException)
        {
            // Nobody reads it any more.
        }
    }
}
