using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>
/// What of a VMClone's spec its VM has: digests of the parts, in the status, each from when it was used. A part that differs
/// now changes nothing of this VM, which somebody has to say.
/// </summary>
internal static class GivenSpec
{
    /// <summary>Used when the pod is made, or taken.</summary>
    private static readonly Part[] OfPod = [new("pod", spec => spec.Pod)];

    /// <summary>Used when the guest is told who it is.</summary>
    private static readonly Part[] OfGuest =
    [
        new("env", spec => spec.Env),
        new("userData", spec => spec.UserData),
        new("files", spec => spec.Files),
        new("ports", spec => spec.Ports),
        new("identityTimeoutSeconds", spec => spec.IdentityTimeoutSeconds),
    ];

    /// <summary>Looked at until it has finished. Its time to live after that is looked at even then.</summary>
    private static readonly Part[] OfLife =
    [
        new("template", spec => spec.Template),
        new("pool", spec => spec.Pool),
        new("hostname", spec => spec.Hostname),
        new("restartPolicy", spec => spec.RestartPolicy),
        new("shutdownTime", spec => spec.ShutdownTime),
        new("ttlSeconds", spec => spec.TtlSeconds),
    ];

    private static readonly Part[] All = [.. OfPod, .. OfGuest, .. OfLife];

    public static void PodMade(CloneWork work) => Record(work, OfPod);

    public static void Activated(CloneWork work) => Record(work, OfGuest);

    public static void Finished(CloneWork work) => Record(work, All);

    /// <summary>The parts of the spec that are not as the VM has them.</summary>
    public static IReadOnlyList<string> Changed(VMCloneSpec spec, IReadOnlyDictionary<string, string>? given) =>
        [.. All.Where(part => given is not null && given.TryGetValue(part.Name, out var before) && before != part.Digest(spec)).Select(part => part.Name)];

    private static void Record(CloneWork work, Part[] parts)
    {
        work.Status.Given ??= new(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            work.Status.Given.TryAdd(part.Name, part.Digest(work.Clone.Spec));
        }
    }

    private sealed record Part(string Name, Func<VMCloneSpec, object?> Of)
    {
        public string Digest(VMCloneSpec spec) => Revisions.Digest(new { Part = Of(spec) });
    }
}
