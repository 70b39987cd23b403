using k8s.Models;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>The objects of this benchmark.</summary>
internal static class PodSpecs
{
    /// <summary>Of pods that name none.</summary>
    public const string Template = "sandbox";

    /// <summary>An ordinary pod, with its service account's token; the runtime is all in which two of them differ.</summary>
    public static V1Pod MakePod(string name, string image, string runtime) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V1PodSpec
        {
            RuntimeClassName = Runtimes.ClassOf(runtime),
            RestartPolicy = "Never",
            TerminationGracePeriodSeconds = 2,
            Containers = [new V1Container { Name = "main", Image = image, ImagePullPolicy = "IfNotPresent" }],
        },
    };

    /// <summary>As the chart makes it.</summary>
    /// <param name="name">Its own.</param>
    /// <param name="guestFolder">With the files that eng/guest/build.sh makes.</param>
    /// <param name="mark">A word more for the kernel, so that no other template is the same.</param>
    public static VMTemplate MakeTemplate(string name, string guestFolder, string mark)
    {
        var template = Specs.MakeTemplate(guestFolder);
        template.Metadata.Name = name;
        template.Spec.Sandbox = true;
        template.Spec.Guest.CommandLine += $" {mark}";
        template.Spec.Machine = new VMMachine
        {
            Memory = new ResourceQuantity("256Mi"),
            MaxMemory = new ResourceQuantity("8Gi"),
            Vcpus = 1,
            MaxVcpus = 8,
        };
        return template;
    }
}
