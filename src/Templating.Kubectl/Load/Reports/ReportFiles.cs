using System.Text;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Running;

namespace Templating.Kubectl.Load.Reports;

/// <summary>A run's files: samples.json, junit.xml and index.html.</summary>
internal static class ReportFiles
{
    /// <summary>Before anything is created in the cluster: an hour's samples shall have a place.</summary>
    /// <exception cref="PluginException">It cannot be made, or written.</exception>
    public static void Prepare(string folder)
    {
        try
        {
            new DirectoryInfo(folder).Create();
            var trial = Path.Combine(folder, ".trial");
            using (new FileStream(trial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose))
            {
                // Its being there is all.
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"The reports cannot be written to '{folder}': {e.Message} Name another folder with --output.", e);
        }
    }

    public static async Task WriteAsync(string folder, RunResult result)
    {
        await WriteAsync(folder, "samples.json", ResultJson.Of(result));
        await WriteAsync(folder, "junit.xml", JUnitXml.Of(result));
        await WriteAsync(folder, "index.html", ResultPage.Html(result));
    }

    /// <summary>Those for other programs, each after a line with its name.</summary>
    public static string Text(RunResult result) => $"\n--- junit.xml\n{JUnitXml.Of(result)}--- samples.json\n{ResultJson.Of(result)}";

    private static async Task WriteAsync(string folder, string name, string text)
    {
        await using var file = new FileStream(Path.Combine(folder, name), FileMode.Create, FileAccess.Write);
        await file.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
    }
}
