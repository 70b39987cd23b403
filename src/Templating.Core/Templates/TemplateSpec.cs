using System.Text.Json.Serialization;
using Templating.Contract;
using Templating.Core.Machines;

namespace Templating.Core.Templates;

/// <summary>What a user asks a template to be. Judged as a whole by <c>TemplateSpecValidator</c>.</summary>
public sealed record TemplateSpec
{
    public required GuestSpec Guest { get; init; }

    public MachineSpec Machine { get; init; } = new();

    public ReadinessSpec Readiness { get; init; } = new();

    /// <summary>Network of the template and, unless they say otherwise, of its clones.</summary>
    public NetworkSpec Network { get; init; } = new(Outbound: false, []);

    /// <summary>Whether its clones may have owners, and devices while they run; see <see cref="ResolvedMachine.Sandbox"/>. Manifests of others do not have it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Sandbox { get; init; }
}

/// <summary>What the VM boots. Paths are absolute and on the node; each file may have a source in the place of its path.</summary>
public sealed record GuestSpec
{
    /// <summary>Empty where there is a <see cref="KernelSource"/>.</summary>
    public required string KernelPath { get; init; }

    public string? InitrdPath { get; init; }

    /// <summary>Kernel command line; <see cref="CommandLineRules"/>.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>Read-only NVDIMMs in the order the guest sees them (pmem0, pmem1, ...); at most <see cref="SourceRules.MaxImages"/>.</summary>
    public IReadOnlyList<string> ImagePaths { get; init; } = [];

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FileSource? KernelSource { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FileSource? InitrdSource { get; init; }

    /// <summary>Instead of <see cref="ImagePaths"/>; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FileSource>? ImageSources { get; init; }

    public FileSource KernelFile() => KernelSource ?? new FileSource { Path = KernelPath };

    public FileSource? InitrdFile() => InitrdSource ?? (InitrdPath is null ? null : new FileSource { Path = InitrdPath });

    public IReadOnlyList<FileSource> ImageFiles() => ImageSources ?? [.. ImagePaths.Select(path => new FileSource { Path = path })];

    /// <summary>Where the faults of a file are told: <c>spec.guest.kernel.url</c>, <c>spec.guest.kernel_path</c>.</summary>
    internal static string Field(string file, bool isSource, int? index = null)
    {
        var at = index is null ? "" : $"[{index}]";
        return isSource ? $"spec.guest.{(index is null ? file : file + "s")}{at}" : $"spec.guest.{file}_path{(index is null ? "" : "s")}{at}";
    }
}

/// <summary>A file a template is made from: exactly one of path and URL.</summary>
public sealed record FileSource
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Url { get; init; }

    /// <summary>What its bytes hash to, in lower-case hex; always with a URL.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sha256 { get; init; }
}

/// <summary>When a template is ready to be frozen.</summary>
public sealed record ReadinessSpec
{
    /// <summary>Time for the guest's agent to answer, its boot and the warm-up to end, together. 1 s to 1 h.</summary>
    public TimeSpan Timeout { get; init; } = Timeouts.Readiness;

    /// <summary>Whether a guest that runs systemd is to have booted, before the warm-up; null means that it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? WaitForBoot { get; init; }

    /// <summary>Run in order in the guest; each must exit with 0; <see cref="WarmUpRules"/>.</summary>
    public IReadOnlyList<IReadOnlyList<string>> WarmUp { get; init; } = [];
}
