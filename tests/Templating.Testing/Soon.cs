namespace Templating.Testing;

/// <summary>Waits for what must happen, with a limit that only a broken test reaches.</summary>
public static class Soon
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task Soonest(this Task task) => task.WaitAsync(Limit);

    public static Task<T> Soonest<T>(this Task<T> task) => task.WaitAsync(Limit);
}
