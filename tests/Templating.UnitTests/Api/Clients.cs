using Templating.Api.Client;

namespace Templating.UnitTests.Api;

internal static class Clients
{
    public static TemplatingClientOptions Options(string address) =>
        new() { Address = TemplatingAddress.TryParse(address, out var parsed, out var problem) ? parsed : throw new ArgumentException(problem, nameof(address)) };
}
