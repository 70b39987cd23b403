using Google.Protobuf.WellKnownTypes;
using Templating.Shim.Protocol.Types;
using Templating.Shim.Specs;

namespace Templating.Shim.Tasks;

/// <summary>A task that containerd wants.</summary>
/// <param name="Id">containerd's.</param>
/// <param name="Bundle">Its folder.</param>
/// <param name="Spec">What stands there.</param>
/// <param name="Io">containerd's pipes.</param>
/// <param name="Rootfs">As containerd would have its root mounted.</param>
/// <param name="Options">Of the runtime's handler; null for none.</param>
internal sealed record NewTask(string Id, string Bundle, BundleSpec Spec, ProcessIo Io, IReadOnlyList<Mount> Rootfs, Any? Options);
