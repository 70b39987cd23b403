using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Templating.ClusterTests.Cluster;

/// <summary>The page that the guest image serves on port 80 of the guest.</summary>
internal sealed record GuestPage(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("hostname")] string Hostname,
    [property: JsonPropertyName("machine_id")] string MachineId,
    [property: JsonPropertyName("random")] string Random,
    [property: JsonPropertyName("boot_id")] string BootId)
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Tries again where the connection is refused: what is asked for is the answer.</summary>
    public static async Task<GuestPage> ReadAsync(string ip, int port)
    {
        var uri = new Uri($"http://{ip}:{port}/");
        return await Eventually.SeeAsync(async () => await TryAsync(uri), _ => true, $"an answer of {uri}");
    }

    public static async Task<GuestPage?> TryAsync(Uri uri)
    {
        try
        {
            return await Http.GetFromJsonAsync<GuestPage>(uri);
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (TaskCanceledException)
        {
            return null;
        }
    }
}
