namespace Templating.UnitTests.Node.Fakes;

/// <summary>For what the daemon promises to do by itself soon and tells nobody about.</summary>
internal static class Eventually
{
    public static async Task True(Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds())
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }
}
