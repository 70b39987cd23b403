namespace Templating.Testing.Kubernetes;

/// <summary>The control plane's programs: of KUBEBUILDER_ASSETS, the ecosystem's convention, else those eng/kube/build.sh made.</summary>
public static class KubeBinaries
{
    public static string Folder { get; } = Find();

    public static string Path(string program) => System.IO.Path.Combine(Folder, program);

    public static bool Has(string program) => File.Exists(Path(program));

    private static string Find()
    {
        var folders = new[] { Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS"), System.IO.Path.Combine(Cache(), "kube/bin") };
        return folders.FirstOrDefault(folder => folder is { Length: > 0 } && File.Exists(System.IO.Path.Combine(folder, "kube-apiserver")))
            ?? throw new InvalidOperationException(
                $"No kube-apiserver in {string.Join(" or ", folders.Where(f => !string.IsNullOrEmpty(f)))}. Run eng/kube/build.sh, or set KUBEBUILDER_ASSETS.");
    }

    private static string Cache()
    {
        if (Environment.GetEnvironmentVariable("TEMPLATING_CACHE") is { Length: > 0 } cache)
        {
            return cache;
        }

        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Templating.sln")))
        {
            folder = folder.Parent;
        }

        return System.IO.Path.Combine(folder?.FullName ?? AppContext.BaseDirectory, ".cache");
    }
}
