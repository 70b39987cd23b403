namespace Templating.AttackTests.Harness;

/// <summary>An attack on a daemon. Its calls end by <see cref="Limit"/>, which only a broken test reaches.</summary>
public abstract class AttackTest : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(3));

    protected CancellationToken Limit => _limit.Token;

    public void Dispose()
    {
        _limit.Dispose();
        GC.SuppressFinalize(this);
    }
}
