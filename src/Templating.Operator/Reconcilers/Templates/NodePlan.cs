using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>What of a template is so on one node, and what is to be done about it. Decides only; nothing happens here.</summary>
/// <param name="Status">For the VMTemplate's status, its time of transition not yet set.</param>
/// <param name="Basis">Null where nothing is to be built; else what <see cref="NodeRequests.Create"/> takes.</param>
/// <param name="CancelsBuild">What is built there now is not what is wanted.</param>
/// <param name="LookAgainIn">Null where a change will be told.</param>
internal sealed record NodePlan(VMTemplateNode Status, string? Basis, bool CancelsBuild, TimeSpan? LookAgainIn)
{
    /// <param name="node">Null where no daemon runs.</param>
    /// <param name="before">What the status said of it.</param>
    /// <param name="now">By the steady clock.</param>
    public static NodePlan Make(
        string name, INode? node, ObjectKey template, string revision, BuildState? build, VMTemplateNode? before, TimeSpan now)
    {
        if (node is not { Synced: true })
        {
            var known = before is null ? new VMTemplateNode() : Copy(before);
            known.Name = name;
            known.State = NodeStates.Unreachable;
            known.Reason = Reasons.NodeUnreachable;
            known.Message = node?.Problem ?? "No daemon runs there.";
            return new NodePlan(known, null, false, null);
        }

        var files = NodeFiles.Of(node, template);
        var status = new VMTemplateNode
        {
            Name = name,
            Revision = revision,
            OlderRevisions = files.Where(file => file.Key != revision && file.Value.State == TemplateState.Ready)
                .OrderByDescending(file => file.Value.CreateTime).Select(file => file.Key).ToList() is { Count: > 0 } older ? older : null,
        };
        if (NodeFiles.IsReady(files, revision))
        {
            var file = files[revision];
            (status.State, status.Reason, status.Digest, status.SizeBytes) = (NodeStates.Ready, Reasons.Ready, file.Revision, file.AllocatedBytes);
            // Of a later daemon it may be one that the schema does not know.
            status.Agent = file.Agent is "templating" or "qemu" ? file.Agent : null;
            return new NodePlan(status, null, build is { IsRunning: true } && build.Revision != revision, null);
        }

        return Missing(status, files, revision, build, now);
    }

    /// <summary>It is not there, or not as it must be.</summary>
    private static NodePlan Missing(
        VMTemplateNode status, Dictionary<string, Template> files, string revision, BuildState? build, TimeSpan now)
    {
        var basis = BasisOf(files, revision);
        if (build is { IsRunning: true })
        {
            var isOther = build.Revision != revision;
            status.State = NodeStates.Building;
            status.Reason = isOther || build.Phase.Length == 0 ? Reasons.BuildQueued : Reasons.Building;
            status.Message = isOther ? $"The build of revision {build.Revision} is being cancelled." : build.Phase.Length == 0 ? null : $"Phase {build.Phase}.";
            status.Message = build.Before is { } failed && !isOther ? $"{status.Message} The build before it failed: {failed.Reason}: {failed.Message}".TrimStart() : status.Message;
            return new NodePlan(status, null, isOther, null);
        }

        if (build is { Failure: { } failure } && build.Revision == revision)
        {
            (status.State, status.Reason, status.Message) = (NodeStates.Failed, failure.Reason, failure.Message);
            var wait = build.RetryAt - now;
            return wait > TimeSpan.Zero ? new NodePlan(status, null, false, wait) : new NodePlan(status, basis, false, null);
        }

        (status.State, status.Reason) = (NodeStates.Building, Reasons.BuildQueued);
        status.Message = files.TryGetValue(revision, out var faulty) && faulty.State != TemplateState.Ready ? $"Built again: {faulty.StateReason}" : null;
        return new NodePlan(status, basis, false, null);
    }

    private static string BasisOf(Dictionary<string, Template> files, string revision) =>
        !files.TryGetValue(revision, out var present) ? ""
        // Sound, and yet another revision was built after it: it is to be the newest again.
        : $"{present.Revision} {present.State}";

    private static VMTemplateNode Copy(VMTemplateNode node) => new()
    {
        Revision = node.Revision,
        Digest = node.Digest,
        Agent = node.Agent,
        SizeBytes = node.SizeBytes,
        OlderRevisions = node.OlderRevisions,
        LastTransitionTime = node.LastTransitionTime,
    };
}
