using Spectre.Console;

namespace Templating.ClusterBenchmarks.Results;

internal static class Screen
{
    /// <summary>Standard output.</summary>
    public static IAnsiConsole Tables
    {
        get
        {
            if (Console.IsOutputRedirected)
            {
                // A file has no width; the usual guess of 80 would break the columns.
                AnsiConsole.Profile.Width = 160;
            }

            return AnsiConsole.Console;
        }
    }

    /// <summary>For people who wait; on standard error.</summary>
    public static void Say(string what) => Console.Error.WriteLine(what);
}
