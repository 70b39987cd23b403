using System.Text.Json.Nodes;
using Templating.Core.Linux;
using Templating.Shim.Errors;
using Templating.Shim.Options;

namespace Templating.Shim.Specs;

internal enum ContainerKind
{
    /// <summary>The pod itself: its pause container.</summary>
    PodSandbox,

    /// <summary>One of a pod's containers.</summary>
    PodContainer,

    /// <summary>Of no pod, as <c>ctr run</c> makes it: a sandbox and its only container.</summary>
    Single,
}

/// <summary>A bundle's <c>config.json</c>, and what it says about whose it is.</summary>
internal sealed class BundleSpec
{
    public const string FileName = "config.json";
    public const int MaxBytes = 4 << 20;

    private const int MaxAnnotations = 4096;
    private const int MaxNamespaces = 32;

    private const string Cri = CriAnnotations.Prefix;

    private BundleSpec(string id, JsonObject document)
    {
        (Id, Document, Annotations) = (id, document, ReadAnnotations(document));
        var linux = document.Child("linux");
        Namespaces = ReadNamespaces(linux);
        Kind = Annotation("container-type") switch
        {
            null => ContainerKind.Single,
            "sandbox" => ContainerKind.PodSandbox,
            "container" => ContainerKind.PodContainer,
            var other => throw ShimException.Invalid($"Annotation {Cri}container-type is '{other}', expected sandbox or container."),
        };
        SandboxId = Annotation("sandbox-id") is { Length: > 0 } sandbox
            ? sandbox
            : Kind == ContainerKind.PodContainer ? throw ShimException.Invalid($"A pod's container has no annotation {Cri}sandbox-id.") : id;
        (PodNamespace, PodName, ContainerName) = (Annotation("sandbox-namespace"), Annotation("sandbox-name"), Annotation("container-name"));
        PodUid = Annotation("sandbox-uid");
        CgroupsPath = linux.Text("cgroupsPath");
        Hostname = document.Text("hostname");
        Terminal = document.Child("process").Flag("terminal");
        Resources = SpecResources.From(linux.Child("resources"));
        SandboxResources = SpecResources.OfSandbox(Annotations);
    }

    public string Id { get; }

    public ContainerKind Kind { get; }

    /// <summary>The pod's; of one without a pod its own id.</summary>
    public string SandboxId { get; }

    /// <summary>As the runtime says it, and not the pod's author; null without a pod.</summary>
    public string? PodNamespace { get; }

    public string? PodName { get; }

    /// <summary>Null also where the runtime is too old to say it.</summary>
    public string? PodUid { get; }

    public string? ContainerName { get; }

    public IReadOnlyDictionary<string, string> Annotations { get; }

    /// <summary>By their types; the path is empty for a new one. What is not there is the host's.</summary>
    public IReadOnlyDictionary<string, string> Namespaces { get; }

    /// <summary>Null where there is none, or a new one.</summary>
    public string? NetworkNamespace => Namespaces.GetValueOrDefault("network") is { Length: > 0 } path ? path : null;

    public string? CgroupsPath { get; }

    public string? Hostname { get; }

    public bool Terminal { get; }

    public SpecResources Resources { get; }

    /// <summary>Of the whole pod; only of its sandbox, and not from older kubelets.</summary>
    public SpecResources SandboxResources { get; }

    internal JsonObject Document { get; }

    /// <summary>The id is the folder's name, as containerd has it.</summary>
    public static BundleSpec Read(string bundlePath)
    {
        var path = Path.Combine(bundlePath, FileName);
        try
        {
            return Parse(Path.GetFileName(Path.TrimEndingDirectorySeparator(bundlePath)), SmallFile.Read(path, MaxBytes));
        }
        catch (IOException e)
        {
            throw new ShimException(Grpc.Core.StatusCode.InvalidArgument, $"The bundle cannot be read: {e.Message}", e);
        }
    }

    public static BundleSpec Parse(string id, ReadOnlySpan<byte> json) => new(id, SpecJson.ParseObject(json, MaxBytes, "config.json"));

    /// <summary>Of the runtime's own, which begin with <c>io.kubernetes.cri.</c>.</summary>
    private string? Annotation(string key) => Annotations.GetValueOrDefault(Cri + key);

    private static Dictionary<string, string> ReadAnnotations(JsonObject document)
    {
        var annotations = document.Child("annotations");
        if (annotations?.Count > MaxAnnotations)
        {
            throw ShimException.Invalid($"config.json has {annotations.Count} annotations, at most {MaxAnnotations} are allowed.");
        }

        return (annotations ?? []).ToDictionary(a => a.Key, a => annotations.Text(a.Key) ?? "", StringComparer.Ordinal);
    }

    private static Dictionary<string, string> ReadNamespaces(JsonObject? linux)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in linux.Children("namespaces", MaxNamespaces))
        {
            found[item.Text("type") ?? ""] = item.Text("path") ?? "";
        }

        return found;
    }
}
