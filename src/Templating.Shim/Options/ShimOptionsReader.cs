using Google.Protobuf.WellKnownTypes;

namespace Templating.Shim.Options;

internal static class ShimOptionsReader
{
    public static ShimOptions Read(Any? options) => ShimOptions.Default with { Tenant = options is null ? "" : ShimOptions.Default.Tenant };
}
