using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Templating.Benchmarks;

/// <summary>bench/bare_driver.py: one JSON line there, one back. Its milliseconds are its own measurement.</summary>
internal sealed class BareDriver(string script, Folders folders) : IAsyncDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly Child _child = Child.StartPiped("python3", script);

    /// <param name="command">A clone's.</param>
    /// <param name="statePath">Its template's.</param>
    /// <param name="http">Whether to go on to identity and web page.</param>
    public Task<IReadOnlyDictionary<string, double>> CloneAsync(
        CommandLine command, string statePath, bool http, CancellationToken cancellationToken) =>
        TimesAsync(new JsonObject
        {
            ["op"] = "clone",
            ["argv"] = Words(command),
            ["files"] = Files(command),
            ["state"] = statePath,
            ["folder"] = folders.Bare,
            ["http"] = http,
        }, cancellationToken);

    /// <summary>Many clones, each until its identity is confirmed, which stay until <see cref="ReleaseAsync"/>.</summary>
    /// <param name="command">A clone's.</param>
    /// <param name="statePath">Its template's.</param>
    /// <param name="count">How many.</param>
    /// <param name="atOnce">How many of them start at once.</param>
    /// <param name="ownCopies">Whether RAM and images of each are its own, in memory.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<BareClones> ManyAsync(
        CommandLine command, string statePath, int count, int atOnce, bool ownCopies, CancellationToken cancellationToken) =>
        (await AskAsync(new JsonObject
        {
            ["op"] = "many",
            ["argv"] = Words(command),
            ["files"] = Files(command),
            ["memory"] = command.Ram,
            ["state"] = statePath,
            ["folder"] = folders.Bare,
            ["count"] = count,
            ["at_once"] = atOnce,
            ["own_copies"] = ownCopies,
        }, cancellationToken)).Deserialize<BareClones>(JsonSerializerOptions.Web)!;

    public async Task ReleaseAsync(CancellationToken cancellationToken) =>
        _ = await AskAsync(new JsonObject { ["op"] = "release" }, cancellationToken);

    /// <summary>Has the kernel let go of what it has in memory of a clone's files.</summary>
    public async Task ForgetAsync(CommandLine command, string statePath, CancellationToken cancellationToken) => _ = await AskAsync(
        new JsonObject { ["op"] = "forget", ["files"] = new JsonArray([.. command.Files.Values.Append(statePath).Select(path => (JsonNode)path)]) }, cancellationToken);

    /// <summary>Kata's way (bench/bare/kata.py): its template, before the first clone of it.</summary>
    public async Task BuildKataAsync(KataGuest guest, CancellationToken cancellationToken) =>
        _ = await AskAsync(guest.Request("kata_template", folders), cancellationToken);

    /// <param name="guest">What the template was made of.</param>
    /// <param name="identity">Whether its guest is asked to take an identity, after what is measured.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyDictionary<string, double>> KataAsync(KataGuest guest, bool identity, CancellationToken cancellationToken)
    {
        var request = guest.Request("kata", folders);
        request["answers"] = identity;
        return TimesAsync(request, cancellationToken);
    }

    public Task<IReadOnlyDictionary<string, double>> BootAsync(
        CommandLine command, long memoryBytes, CancellationToken cancellationToken) =>
        TimesAsync(new JsonObject
        {
            ["op"] = "boot",
            ["argv"] = Words(command),
            ["files"] = Files(command),
            ["folder"] = folders.Bare,
            ["memory"] = command.Ram,
            ["memory_bytes"] = memoryBytes,
        }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _child.Input.Close();
        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await _child.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // In the middle of a measurement: SIGTERM would skip its end, which kills its QEMU.
            await Console.Error.WriteLineAsync($"The bare driver (process {_child.Pid}) still waits for its QEMU.");
        }

        _child.Dispose();
    }

    private async Task<IReadOnlyDictionary<string, double>> TimesAsync(JsonObject request, CancellationToken cancellationToken) =>
        (await AskAsync(request, cancellationToken)).EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble(), StringComparer.Ordinal);

    private async Task<JsonElement> AskAsync(JsonObject request, CancellationToken cancellationToken)
    {
        await _child.Input.WriteLineAsync(request.ToJsonString().AsMemory(), cancellationToken);
        await _child.Input.FlushAsync(cancellationToken);
        var line = await _child.Output.ReadLineAsync(cancellationToken)
            ?? throw new BenchmarkException("The bare driver ended.");
        using var answer = JsonDocument.Parse(line);
        return answer.RootElement.TryGetProperty("error", out var error)
            ? throw new BenchmarkException($"The bare driver failed: {error.GetString()}")
            : answer.RootElement.Clone();
    }

    private static JsonArray Words(CommandLine command) => [.. command.Words.Select(word => (JsonNode)word)];

    private static JsonObject Files(CommandLine command) => new(
        command.Files.Select(file => KeyValuePair.Create(file.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)file.Value)));
}
