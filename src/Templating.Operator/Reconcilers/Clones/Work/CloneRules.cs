using System.Text;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>What must hold of a VMClone beyond its schema: its guest's inputs as the node judges them, as far as they stand here.</summary>
internal static class CloneRules
{
    public static IReadOnlyList<FieldViolation> Check(VMClone clone, V1Pod? pod)
    {
        var spec = clone.Spec;
        var faults = new Faults();
        faults.AddRange(PodTemplateRules.Check(spec.Pod));
        CheckPoolsPod(faults, spec);
        faults.AddRange(HostnameRules.Check("spec.hostname", spec.Hostname));
        CheckEnvironment(faults, spec.Env ?? []);
        faults.AddRange(GuestFileRules.Check("spec.files",
            [.. (spec.Files ?? []).OfType<VMFile>().Select(f => (f.Path ?? "", Bytes(f), f.Mode ?? GuestFileRules.DefaultMode))]));
        CheckPorts(faults, [.. (spec.Ports ?? []).OfType<VMPort>()]);
        faults.AddRange(UserDataRules.Check("spec.userData", Bytes(spec.UserData)));
        CheckUnchanged(faults, clone, pod);
        return SpecChecker.Check(spec, faults.All);
    }

    private static void CheckPoolsPod(Faults faults, VMCloneSpec spec)
    {
        if (spec.Pool is not null && spec.Pod is { } pod && pod with { Labels = null, Annotations = null, TerminationGracePeriodSeconds = Grace(pod) } != new VMPodTemplate())
        {
            faults.Add("spec.pod", "With a pool, the pod is the pool's: only labels and annotations can be given; put the rest into the pool's spec.pod.");
        }
    }

    /// <summary>The schema's default is there whether or not the user wrote it.</summary>
    private static long? Grace(VMPodTemplate pod) => pod.TerminationGracePeriodSeconds == Defaults.GraceSeconds ? null : pod.TerminationGracePeriodSeconds;

    private static void CheckEnvironment(Faults faults, List<VMEnvironmentVariable> variables)
    {
        // Of others the values, and whether there are any, are known when they are read.
        var given = variables.Index().Where(v => v.Item is { Name: not null, SecretKeyRef: null, ConfigMapKeyRef: null }).ToList();
        faults.AddRange(EnvironmentRules.Check(
            "spec.env", [.. given.Select(v => KeyValuePair.Create(v.Item.Name, v.Item.Value ?? ""))],
            i => ($"spec.env[{given[i].Index}].name", $"spec.env[{given[i].Index}].value")));
        CheckRepeats(faults, variables.Select(v => v?.Name), i => $"spec.env[{i}].name");
    }

    private static void CheckPorts(Faults faults, List<VMPort> ports)
    {
        faults.AddRange(ForwardRules.Check(
            "spec.ports", [.. ports.Select(p => new Forward(p.GuestPort, p.Port ?? p.GuestPort))], ForwardFields.Resource, ForwardRules.LeastUnprivileged));
        CheckRepeats(faults, ports.Select(p => p.Name), i => $"spec.ports[{i}].name");
    }

    private static void CheckRepeats(Faults faults, IEnumerable<string?> names, Func<int, string> field)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, name) in names.Index())
        {
            faults.Require(name is null || seen.Add(name), field(index), $"{Quote.Text(name)} is there twice; give each name once.");
        }
    }

    /// <summary>Servers without CEL let these change.</summary>
    private static void CheckUnchanged(Faults faults, VMClone clone, V1Pod? pod)
    {
        Unchanged(faults, "spec.pool", clone.Spec.Pool, pod?.Label(Keys.PoolLabel), clone.Spec.Pool is not null);
        Unchanged(faults, "spec.template", clone.Spec.Template, pod?.Label(Keys.TemplateLabel), clone.Spec.Template is not null);
        Unchanged(faults, "spec.hostname", clone.Spec.Hostname, clone.Status?.Hostname, clone.Spec.Hostname is not null);
    }

    private static void Unchanged(Faults faults, string field, string? now, string? before, bool given)
    {
        if (given && before is not null && now != before)
        {
            faults.Add(field, $"It was '{before}' when the VM started and is '{now}' now; put it back: it is immutable.");
        }
    }

    private static long Bytes(VMValueSource? source) => source?.Value is { } value ? Encoding.UTF8.GetByteCount(value) : 0;
}
