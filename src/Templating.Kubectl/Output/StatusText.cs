using System.Globalization;
using System.Text;
using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Explaining;
using Templating.Kubernetes;

namespace Templating.Kubectl.Output;

/// <summary>What `status` prints: a table each of templates, pools, clones and nodes; none where there is nothing.</summary>
internal static class StatusText
{
    public static string Of(Snapshot snapshot, bool withNamespace, TimeProvider time, int? room = null)
    {
        var text = new StringBuilder();
        Add(text, room, ["TEMPLATE", "READY", "NODES", "REVISION", "REASON", "AGE"], withNamespace, snapshot.Templates.Select(t => (t.Metadata, (string[])
            [
                t.Metadata.Name, Ready(t.Status?.Conditions), t.Status?.Summary ?? "", t.Status?.Revision ?? "",
                Reason(t.Status?.Conditions), Ages.Of(t.Metadata.CreationTimestamp, time),
            ])));
        Add(text, room, ["POOL", "TEMPLATE", "WAITING", "WANTED", "CLAIMED", "REASON", "AGE"], withNamespace, snapshot.Pools.Select(p => (p.Metadata, (string[])
            [
                p.Metadata.Name, p.Spec.Template, Number(p.Status?.ReadyReplicas ?? 0), Number(p.Spec.Replicas ?? 1),
                Number(p.Status?.ClaimedReplicas ?? 0), Reason(p.Status?.Conditions), Ages.Of(p.Metadata.CreationTimestamp, time),
            ])));
        Add(text, room, ["CLONE", "READY", "START", "NODE", "IP", "REASON", "AGE"], withNamespace, snapshot.Clones.Select(c => (c.Metadata, (string[])
            [
                c.Metadata.Name, Ready(c.Status?.Conditions), c.Status?.Start ?? "", c.Status?.NodeName ?? "", c.Status?.Ip ?? "",
                Reason(c.Status?.Conditions), Ages.Of(c.Metadata.CreationTimestamp, time),
            ])));
        if (snapshot.Daemons is { } daemons)
        {
            Add(text, room, ["NODE", "DAEMON", "VM PODS", "AGE"], withNamespace: false, daemons.Select(d => (d.Metadata, (string[])
                [
                    d.Spec?.NodeName ?? "(none)", PodFacts.IsReady(d) ? ConditionTypes.Ready : "NotReady",
                    Number(snapshot.Pods.Count(p => p.Spec?.NodeName == d.Spec?.NodeName && VmPods.Runs(p))),
                    Ages.Of(d.Metadata.CreationTimestamp, time),
                ])));
        }

        return text.Length > 0 ? text.ToString() : "There is nothing yet: no templates, pools or clones.\n";
    }

    private static void Add(
        StringBuilder text, int? room, string[] columns, bool withNamespace, IEnumerable<(V1ObjectMeta Metadata, string[] Cells)> rows)
    {
        var all = rows.OrderBy(r => r.Metadata.NamespaceProperty, StringComparer.Ordinal).ThenBy(r => r.Metadata.Name, StringComparer.Ordinal).ToList();
        if (all.Count == 0)
        {
            return;
        }

        text.Append(text.Length > 0 ? "\n" : "").Append(Sheets.Of(
            withNamespace ? ["NAMESPACE", .. columns] : columns,
            all.Select(r => withNamespace ? [r.Metadata.NamespaceProperty ?? "", .. r.Cells] : r.Cells), room));
    }

    private static string Ready(IEnumerable<V1Condition>? conditions) => Conditions.Find(conditions, ConditionTypes.Ready)?.Status ?? ConditionStatus.Unknown;

    private static string Reason(IEnumerable<V1Condition>? conditions) => Conditions.Worst(conditions)?.Reason ?? "";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
