namespace Templating.Core.Images;

/// <summary>Work that is done once for all who ask for the same at the same time. It ends early only when none of them waits any more.</summary>
internal sealed class ImageFlights
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Flight> _flights = new(StringComparer.Ordinal);

    /// <param name="key">What is asked for.</param>
    /// <param name="begin">Called where nobody asked before, and not again; opens what the work needs, which may outlive who began it.</param>
    /// <param name="cancellationToken">Ends the wait of this one alone.</param>
    public async Task<ImageRecord> JoinAsync(string key, Func<Func<CancellationToken, Task<ImageRecord>>> begin, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Flight? flight;
        lock (_lock)
        {
            // One that everybody has left is ending, and will fail: it is waited for by nobody who comes now.
            if (!_flights.TryGetValue(key, out flight) || flight.Waiting == 0)
            {
                var work = begin();
                flight = _flights[key] = new Flight();
                flight.Work = Task.Run(() => RunAsync(key, flight, work), CancellationToken.None);
            }

            flight.Waiting++;
        }

        try
        {
            return await flight.Work.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(flight);
        }
    }

    private async Task<ImageRecord> RunAsync(string key, Flight flight, Func<CancellationToken, Task<ImageRecord>> work)
    {
        try
        {
            return await work(flight.Abandoned.Token);
        }
        finally
        {
            lock (_lock)
            {
                if (_flights.TryGetValue(key, out var present) && ReferenceEquals(present, flight))
                {
                    _flights.Remove(key);
                }
            }
        }
    }

    private void Leave(Flight flight)
    {
        bool isLast;
        lock (_lock)
        {
            isLast = --flight.Waiting == 0;
        }

        if (isLast && !flight.Work.IsCompleted)
        {
            flight.Abandoned.Cancel();
        }
    }

    private sealed class Flight
    {
        public int Waiting { get; set; }

        public Task<ImageRecord> Work { get; set; } = null!;

        /// <summary>Without timer or links there is nothing to dispose of.</summary>
        public CancellationTokenSource Abandoned { get; } = new();
    }
}
