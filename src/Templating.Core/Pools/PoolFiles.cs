using System.Text.Json;
using System.Text.Json.Serialization;
using Templating.Contract;
using Templating.Core.Linux;

namespace Templating.Core.Pools;

/// <summary>What is asked for of one pool: <c>STORE/pools/TENANT/ID.json</c>.</summary>
internal sealed record PoolFile
{
    public const int CurrentVersion = 1;

    public required int FormatVersion { get; init; }

    public required PoolSpec Spec { get; init; }
}

/// <summary>The pools that were asked for, on disk: they outlive the daemon and the host's boot.</summary>
internal sealed class PoolFiles(string root)
{
    /// <summary>Ours have 300 bytes.</summary>
    internal const int MaxBytes = 64 << 10;

    private const string Ending = ".json";

    public string Path(PoolName name) => System.IO.Path.Combine(root, name.Tenant, name.Id + Ending);

    public void Write(PoolName name, PoolSpec spec)
    {
        FileSystem.MakeFolder(root, FileSystem.OwnerOnlyFolder);
        FileSystem.MakeFolder(System.IO.Path.Combine(root, name.Tenant), FileSystem.OwnerOnlyFolder);
        SmallFile.Replace(Path(name), JsonSerializer.SerializeToUtf8Bytes(
            new PoolFile { FormatVersion = PoolFile.CurrentVersion, Spec = spec }, PoolJson.Default.PoolFile), durable: true);
    }

    public void Remove(PoolName name)
    {
        File.Delete(Path(name));
        FileSystem.SyncFolder(System.IO.Path.Combine(root, name.Tenant));
    }

    /// <summary>Those there are. What cannot be used is left where it is, and told.</summary>
    public IReadOnlyList<(PoolName Name, PoolSpec Spec)> Read(Action<string> problem)
    {
        var found = new List<(PoolName, PoolSpec)>();
        if (FileStamp.TryRead(root) is not { IsFolder: true })
        {
            return found;
        }

        foreach (var tenant in Directory.EnumerateFileSystemEntries(root).Where(path => FileStamp.TryRead(path) is { IsFolder: true }))
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(tenant, "*" + Ending))
            {
                var name = new PoolName(System.IO.Path.GetFileName(tenant), System.IO.Path.GetFileNameWithoutExtension(path));
                if (ReadOne(path, name, out var fault) is { } spec)
                {
                    found.Add((name, spec));
                }
                else
                {
                    problem($"{path}: {fault}");
                }
            }
        }

        return found;
    }

    private static PoolSpec? ReadOne(string path, PoolName name, out string problem)
    {
        try
        {
            var file = JsonSerializer.Deserialize(SmallFile.Read(path, MaxBytes), PoolJson.Default.PoolFile);
            problem = Fault(file, name) ?? "";
            return problem.Length == 0 ? file!.Spec : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <summary>A null passes for a required member, and so do wrong values.</summary>
    private static string? Fault(PoolFile? file, PoolName name) => file switch
    {
        null => "it is empty",
        { FormatVersion: not PoolFile.CurrentVersion } => $"it has format version {file.FormatVersion}; this version reads {PoolFile.CurrentVersion}",
        _ when !name.IsValid => "its name is no pool's",
        { Spec: null } or { Spec.Sizes: null } => "it does not say what is asked for",
        _ when !Labels.IsLabel(file.Spec.Template) || (file.Spec.Revision is { } revision && !Labels.IsRevision(revision)) => "it does not name a template",
        { Spec.Sizes: var s } => PoolRules.Check("sizes", s.Restored, s.Prepared, s.MaxRestored, s.Spare).FirstOrDefault()?.ToString(),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(PoolFile))]
[JsonSerializable(typeof(WaitingRecord))]
internal sealed partial class PoolJson : JsonSerializerContext;
