using System.Text.Json;
using System.Text.Json.Serialization;
using Templating.Core.Machines;

namespace Templating.Core.Store;

internal sealed class AcceleratorConverter()
    : JsonStringEnumConverter<Accelerator>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

internal sealed class GuestAgentKindConverter()
    : JsonStringEnumConverter<GuestAgentKind>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
