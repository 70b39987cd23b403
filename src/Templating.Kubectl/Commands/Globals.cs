using System.CommandLine;
using Templating.Kubectl.Cluster;

namespace Templating.Kubectl.Commands;

/// <summary>Options of every command, named as kubectl has them.</summary>
internal sealed class Globals
{
    public Option<string?> Namespace { get; } = new("--namespace", "-n")
    {
        HelpName = "NAME",
        Description = "The namespace (default: the kubeconfig's, or the pod's)",
        Recursive = true,
    };

    public Option<bool> AllNamespaces { get; } = new("--all-namespaces", "-A") { Description = "All namespaces", Recursive = true };

    public Option<string?> Kubeconfig { get; } = new("--kubeconfig")
    {
        HelpName = "FILE",
        Description = "The kubeconfig (default: KUBECONFIG, else ~/.kube/config, else in a pod its service account)",
        Recursive = true,
    };

    public Option<string?> Context { get; } = new("--context") { HelpName = "NAME", Description = "The kubeconfig's context", Recursive = true };

    public IEnumerable<Option> All => [Namespace, AllNamespaces, Kubeconfig, Context];

    /// <summary>Of commands that print tables.</summary>
    public static Option<bool> Wide() => new("--wide") { Description = "Cut nothing to the terminal's width" };

    public ConnectionOptions Read(ParseResult parse) =>
        new(parse.GetValue(Kubeconfig), parse.GetValue(Context), parse.GetValue(Namespace), parse.GetValue(AllNamespaces));
}
