using System.Text;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Running;

namespace Templating.Kubectl.Load.Reports;

/// <summary>A run's files: samples.json, junit.xml and index.html.</summary>
internal static class ReportFiles
{
    private static readonly (string Name, Func<RunResult, string> Text)[] Files =
        [("samples.json", ResultJson.Of), ("junit.xml", JUnitXml.Of), ("index.html", ResultPage.Html)];

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

            foreach (var there in Files.Select(file => Path.Combine(folder, file.Name)).Where(Path.Exists))
            {
                using (new FileStream(there, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1))
                {
                    // An earlier run's stays until this one has its own.
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"The reports cannot be written to '{folder}': {e.Message} Name another folder with --output.", e);
        }
    }

    /// <summary>All that can be written.</summary>
    /// <returns>What cannot, and why; nothing where all is there.</returns>
    public static async Task<IReadOnlyList<string>> WriteAsync(string folder, RunResult result)
    {
        var faults = new List<string>();
        foreach (var (name, text) in Files)
        {
            var path = Path.Combine(folder, name);
            try
            {
                await WriteAsync(path, text(result));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                faults.Add($"{path}: {e.Message}");
            }
        }

        return faults;
    }

    /// <summary>Those for other programs, each after a line with its name.</summary>
    public static string Text(RunResult result) => $"\n--- junit.xml\n{JUnitXml.Of(result)}--- samples.json\n{ResultJson.Of(result)}";

    private static async Task WriteAsync(string path, string text)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        await file.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
    }
}
