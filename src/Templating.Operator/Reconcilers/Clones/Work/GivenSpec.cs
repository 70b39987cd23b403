using System.Text.Json.Nodes;
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
    private static readonly Part[] OfPod = [new("pod", spec => Revisions.Essence(spec.Pod))];

    /// <summary>Used when the guest is told who it is.</summary>
    private static readonly Part[] OfGuest =
    [
        new("env", spec => Revisions.Essence(spec.Env)),
        new("userData", spec => Revisions.Essence(spec.UserData)),
        new("files", spec => Revisions.Essence(spec.Files)),
        new("ports", spec => Revisions.Essence(spec.Ports)),
        new("identityTimeoutSeconds", spec => Revisions.Essence(spec.IdentityTimeoutSeconds)),
    ];

    /// <summary>Looked at until it has finished. Its time to live after that is looked at even then.</summary>
    private static readonly Part[] OfLife =
    [
        new("template", spec => Revisions.Essence(spec.Template)),
        new("pool", spec => Revisions.Essence(spec.Pool)),
        new("hostname", spec => Revisions.Essence(spec.Hostname)),
        new("restartPolicy", spec => Revisions.Essence(spec.RestartPolicy)),
        new("shutdownTime", spec => Revisions.Essence(spec.ShutdownTime)),
        new("ttlSeconds", spec => Revisions.Essence(spec.TtlSeconds)),
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

    private sealed record Part(string Name, Func<VMCloneSpec, JsonNode?> Of)
    {
        public string Digest(VMCloneSpec spec) => Revisions.Digest(new JsonObject { ["part"] = Of(spec) });
    }
}
