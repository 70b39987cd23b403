namespace Templating.Testing.Kubernetes;

/// <summary>The control plane's programs: of KUBEBUILDER_ASSETS, the ecosystem's convention, else those eng/kube/build.sh made.</summary>
public static class KubeBinaries
{
    public static string Folder { get; } = Find();

    public static string Path(string program) => System.IO.Path.Combine(Folder, program);

    public static bool Has(string program) => File.Exists(Path(program));

    /// <summary>Where a node's own programs are unpacked, below usr/: containerd and its libraries.</summary>
    public static string NodeRoot => System.IO.Path.Combine(Cache(), "kube/root");

    private static string Find() => Folders().FirstOrDefault(folder => File.Exists(System.IO.Path.Combine(folder, "kube-apiserver")))
        ?? throw new InvalidOperationException(
            $"No kube-apiserver in {string.Join(" or ", Folders())}. Run eng/kube/build.sh, or set KUBEBUILDER_ASSETS.");

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets)
        {
            yield return assets;
        }

        yield return System.IO.Path.Combine(Cache(), "kube/bin");
    }

    private static string Cache() => Environment.GetEnvironmentVariable("TEMPLATING_CACHE") is { Length: > 0 } cache
        ? cache
        : System.IO.Path.Combine(Repository.Root, ".cache");
}
