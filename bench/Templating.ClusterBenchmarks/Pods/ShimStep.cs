namespace Templating.ClusterBenchmarks.Pods;

/// <summary>What a pod's shim told of one of its steps.</summary>
/// <param name="Part">Of what: the VM, a container's root or its start.</param>
/// <param name="Name">The shim's.</param>
/// <param name="Begin">Milliseconds after the part's beginning.</param>
/// <param name="End">Likewise.</param>
internal sealed record ShimStep(string Part, string Name, double Begin, double End);
