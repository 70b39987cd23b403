using Templating.Core.Machines;

namespace Templating.Node.PodProcess;

/// <summary>
/// Copies the guest's console to standard output, which is the pod's log. The console keeps 256 KiB for a reader that is slow
/// and then drops the oldest, so neither the guest nor our memory depends on who reads the log.
/// </summary>
internal sealed class ConsolePrinter(Stream output, TimeProvider time)
{
    private static readonly TimeSpan LastBytes = TimeSpan.FromSeconds(2);

    private Task _printing = Task.CompletedTask;

    /// <summary>From here on: the console is subscribed when this returns.</summary>
    public void Attach(IConsole console) => _printing = PrintAsync(console);

    /// <summary>What the guest printed last, where somebody reads it.</summary>
    public Task FinishAsync() => Task.WhenAny(_printing, Task.Delay(LastBytes, time, CancellationToken.None));

    private async Task PrintAsync(IConsole console)
    {
        try
        {
            await foreach (var chunk in console.ReadAsync(CancellationToken.None))
            {
                await output.WriteAsync(chunk);
                await output.FlushAsync();
            }
        }
        catch (IOException)
        {
            // The log was closed. The guest goes on.
        }
    }
}
