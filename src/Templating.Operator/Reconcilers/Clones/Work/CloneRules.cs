using System.Text;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>What must hold of a VMClone beyond its schema. The sizes are those of an activation (pods.proto).</summary>
internal static class CloneRules
{
    public const int MaxEnvironmentBytes = 64 * 1024;

    public const int MaxUserDataBytes = 64 * 1024;

    public const int MaxFilesBytes = 512 * 1024;

    private const int FirstUnprivilegedPort = 1024;

    public static List<Fault> Check(VMClone clone, V1Pod? pod)
    {
        var spec = clone.Spec;
        var faults = SpecChecker.Check(spec);
        PodTemplateRules.Check(faults, spec.Pod);
        CheckPoolsPod(faults, spec);
        CheckEnvironment(faults, spec.Env ?? []);
        CheckFiles(faults, spec.Files ?? []);
        CheckPorts(faults, spec.Ports ?? []);
        CheckSize(faults, "spec.userData", Bytes(spec.UserData), MaxUserDataBytes);
        CheckUnchanged(faults, clone, pod);
        return faults;
    }

    private static void CheckPoolsPod(List<Fault> faults, VMCloneSpec spec)
    {
        // The schema's default of the grace period is there whether or not the user wrote it.
        if (spec.Pool is not null && spec.Pod is { } pod && (pod.Resources is not null || pod.NodeSelector is not null || pod.Tolerations is not null
            || pod.PriorityClassName is not null || pod.TerminationGracePeriodSeconds is not (null or PodBuilder.DefaultGraceSeconds)))
        {
            faults.Add(new("spec.pod", "With a pool, the pod is the pool's: only labels and annotations can be given; put the rest into the pool's spec.pod."));
        }
    }

    private static void CheckEnvironment(List<Fault> faults, List<VMEnvironmentVariable> variables)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < variables.Count; i++)
        {
            if (variables[i] is { } variable && !seen.Add(variable.Name))
            {
                faults.Add(new($"spec.env[{i}].name", $"'{variable.Name}' is there twice; name each variable once."));
            }
        }

        CheckSize(faults, "spec.env", variables.Sum(v => v is null ? 0 : v.Name.Length + Bytes(v)), MaxEnvironmentBytes);
    }

    private static void CheckFiles(List<Fault> faults, List<VMFile> files)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < files.Count; i++)
        {
            if (files[i]?.Path is not { Length: > 0 } path)
            {
                continue;
            }

            if (Encoding.UTF8.GetByteCount(path) > 255 || path.Contains('\0', StringComparison.Ordinal)
                || path.Split('/').Skip(1).Any(p => p is "" or "." or ".."))
            {
                faults.Add(new($"spec.files[{i}].path", "It is not in its shortest form of at most 255 bytes; leave out '.', '..' and '//'."));
            }
            else if (!seen.Add(path))
            {
                faults.Add(new($"spec.files[{i}].path", $"'{path}' is there twice; name each file once."));
            }
        }

        CheckSize(faults, "spec.files", files.Sum(Bytes), MaxFilesBytes);
    }

    private static void CheckPorts(List<Fault> faults, List<VMPort> ports)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var guests = new HashSet<int>();
        var taken = new HashSet<int>();
        for (var i = 0; i < ports.Count; i++)
        {
            if (ports[i] is not { } port)
            {
                continue;
            }

            var field = $"spec.ports[{i}]";
            if (port.Port is null && port.GuestPort is > 0 and < FirstUnprivilegedPort)
            {
                faults.Add(new($"{field}.port", $"It is missing and guestPort {port.GuestPort} cannot be the pod's; give one from 1024 to 65535."));
            }
            else if (!taken.Add(port.Port ?? port.GuestPort))
            {
                faults.Add(new($"{field}.port", $"{port.Port ?? port.GuestPort} is there twice; give each port of the pod once."));
            }

            if (!guests.Add(port.GuestPort))
            {
                faults.Add(new($"{field}.guestPort", $"{port.GuestPort} is there twice; name each port of the guest once."));
            }

            if (port.Name is not null && !names.Add(port.Name))
            {
                faults.Add(new($"{field}.name", $"'{port.Name}' is there twice; name each port differently, or not at all."));
            }
        }
    }

    /// <summary>Servers without CEL let these change.</summary>
    private static void CheckUnchanged(List<Fault> faults, VMClone clone, V1Pod? pod)
    {
        Unchanged(faults, "spec.pool", clone.Spec.Pool, pod?.Label(Keys.PoolLabel), clone.Spec.Pool is not null);
        Unchanged(faults, "spec.template", clone.Spec.Template, pod?.Label(Keys.TemplateLabel), clone.Spec.Template is not null);
        Unchanged(faults, "spec.hostname", clone.Spec.Hostname, clone.Status?.Hostname, clone.Spec.Hostname is not null);
    }

    private static void Unchanged(List<Fault> faults, string field, string? now, string? before, bool given)
    {
        if (given && before is not null && now != before)
        {
            faults.Add(new(field, $"It was '{before}' when the VM started and is '{now}' now; put it back: it is immutable."));
        }
    }

    private static void CheckSize(List<Fault> faults, string field, long bytes, int most)
    {
        if (bytes > most)
        {
            faults.Add(new(field, $"It has {bytes} bytes; at most {most} are allowed."));
        }
    }

    private static long Bytes(VMValueSource? source) => source?.Value is { } value ? Encoding.UTF8.GetByteCount(value) : 0;
}
