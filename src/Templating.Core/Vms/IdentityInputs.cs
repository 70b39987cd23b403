using Templating.Contract;
using Templating.Core.Machines;
using Templating.Core.Requests;

namespace Templating.Core.Vms;

/// <summary>What a caller may say of who a VM is to be. Checked already, by the rules of Templating.Contract.</summary>
public record IdentityInputs
{
    /// <summary>Null for the id.</summary>
    public string? Hostname { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public ReadOnlyMemory<byte> UserData { get; init; }

    public IReadOnlyList<InjectedFile> Files { get; init; } = [];

    /// <summary>For the guest to confirm it.</summary>
    public TimeSpan IdentityTimeout { get; init; } = Timeouts.Identity;

    internal RequestDigest AddTo(RequestDigest digest)
    {
        digest.Add(Hostname).Add(Environment).Add(UserData.Span).Add(Files.Count);
        foreach (var file in Files)
        {
            digest.Add(file.Path).Add(file.Mode).Add(file.Content.Span);
        }

        return digest;
    }
}
