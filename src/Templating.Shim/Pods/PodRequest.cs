using Templating.Shim.Options;
using Templating.Shim.Specs;

namespace Templating.Shim.Pods;

/// <param name="Identity">Whose it is, and of which template.</param>
/// <param name="Spec">Of its sandbox, or of its only container.</param>
/// <param name="Cgroups">Folders that its QEMU is put into.</param>
internal sealed record PodRequest(PodIdentity Identity, BundleSpec Spec, IReadOnlyList<string> Cgroups);
