using System.Globalization;
using System.Text;

namespace Templating.Shim.Host;

/// <summary>When the steps of one piece of work began and ended: some of them go side by side.</summary>
internal sealed class Steps(TimeProvider clock)
{
    private readonly long _start = clock.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly StringBuilder _told = new();

    public async Task<T> RunAsync<T>(string name, Func<Task<T>> step)
    {
        var begin = Elapsed;
        var result = await step();
        Add(name, begin);
        return result;
    }

    public async Task RunAsync(string name, Func<Task> step)
    {
        var begin = Elapsed;
        await step();
        Add(name, begin);
    }

    public T Run<T>(string name, Func<T> step)
    {
        var begin = Elapsed;
        var result = step();
        Add(name, begin);
        return result;
    }

    /// <summary>As <c>57.1 ms: hold 0.2-48.9, mount 49.0-57.0</c>, each from the beginning of it all.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Elapsed:0.0} ms: {_told}");
        }
    }

    private double Elapsed => clock.GetElapsedTime(_start).TotalMilliseconds;

    private void Add(string name, double begin)
    {
        lock (_lock)
        {
            _told.Append(_told.Length == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{name} {begin:0.0}-{Elapsed:0.0}");
        }
    }
}
