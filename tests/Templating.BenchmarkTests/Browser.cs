using Templating.Testing;

namespace Templating.BenchmarkTests;

/// <summary>Debian's Chromium, without a window, on a profile of its own.</summary>
internal sealed class Browser : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>The document as it is once it is loaded and its scripts have run.</summary>
    public Task<string> DumpAsync(string html, bool dark = false, int width = 1000) => RunAsync(html, dark, width, height: 1400, "--dump-dom");

    /// <returns>The picture's path.</returns>
    public async Task<string> ScreenshotAsync(string html, bool dark, int width, int height)
    {
        await RunAsync(html, dark, width, height, $"--screenshot={_folder["page.png"]}");
        return _folder["page.png"];
    }

    public void Dispose() => _folder.Dispose();

    private Task<string> RunAsync(string html, bool dark, int width, int height, string what) => Tool.RunAsync(
        "chromium",
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", $"--user-data-dir={_folder["profile"]}",
        // Blink's own numbers: 0 is dark, 1 light.
        $"--blink-settings=preferredColorScheme={(dark ? 0 : 1)}", $"--window-size={width},{height}", "--virtual-time-budget=5000",
        what, $"file://{_folder.Write("page.html", html)}");
}
