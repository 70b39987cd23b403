using System.Security.Cryptography;
using System.Text;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Guests;

/// <summary>
/// The root file system of docs/debian-guest.md, made by the page's own commands. It takes a minute and Debian's mirror, so it is made once for all tests
/// of the process, and kept in the cache until its commands change.
/// </summary>
internal static class DebianRoot
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    // A static field: made at the first use, and whoever comes second awaits the same.
    private static readonly Task<string> Made = MakeAsync();

    /// <summary>The folder with the page's <c>debian-guest</c> in it; to be read only.</summary>
    public static Task<string> GetAsync(CancellationToken cancellationToken) => Made.WaitAsync(cancellationToken);

    /// <summary>Runs commands of the page as its reader does.</summary>
    public static async Task<string> ShellAsync(
        string home, string commands, CancellationToken cancellationToken, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = home };
        foreach (var (name, value) in more)
        {
            environment[name] = value;
        }

        var run = await Programs.RunAsync("/bin/bash", ["-e", "-o", "pipefail"], cancellationToken, environment, $"cd ~\n{commands}\n");
        return run.ExitCode == 0
            ? run.Output
            : throw new InvalidOperationException($"A command of docs/debian-guest.md ended with {run.ExitCode}: {run.Error}\n{run.Output}");
    }

    private static async Task<string> MakeAsync()
    {
        var page = new Walkthrough("debian-guest.md");
        var commands = page.Section(0) + page.Section(1) + page.Section(2);
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(commands)))[..16];
        var cache = Path.Combine(Environment.GetEnvironmentVariable("TEMPLATING_CACHE") ?? Path.Combine(Repository.Root, ".cache"), "debian");
        var made = Path.Combine(cache, key);
        if (Directory.Exists(made))
        {
            return made;
        }

        using var limit = new CancellationTokenSource(Limit);
        var making = $"{made}.{Path.GetRandomFileName()}";
        Directory.CreateDirectory(making);
        try
        {
            await ShellAsync(making, $"cd {Repository.Root}\n{commands}", limit.Token);
            // Not over that of another run, which made the same.
            await ShellAsync(cache, $"mv -nT {making} {made}", limit.Token);
            return made;
        }
        finally
        {
            // What mmdebstrap may have left mounted there is the host's.
            await ShellAsync(cache, $"rm -rf --one-file-system {making}", CancellationToken.None);
        }
    }
}
