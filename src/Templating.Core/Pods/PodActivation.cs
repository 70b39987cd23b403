using System.Security.Cryptography;
using System.Text;
using Templating.Contract;
using Templating.Core.Machines;

namespace Templating.Core.Pods;

/// <summary>What makes a waiting VM a clone of its own. Checked already.</summary>
public sealed record PodActivation
{
    /// <summary>Null where the pod activates itself.</summary>
    public Guid? RequestId { get; init; }

    public required string Id { get; init; }

    /// <summary>Null for the id.</summary>
    public string? Hostname { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public ReadOnlyMemory<byte> UserData { get; init; }

    public IReadOnlyList<InjectedFile> Files { get; init; } = [];

    /// <summary>Beside those the pod has.</summary>
    public IReadOnlyList<PortForward> Forwards { get; init; } = [];

    public TimeSpan IdentityTimeout { get; init; } = Timeouts.Identity;

    /// <summary>Tells one activation from another under the same request id.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        Add(Encoding.UTF8.GetBytes(Id));
        Add(Encoding.UTF8.GetBytes(Hostname ?? ""));
        foreach (var (name, value) in Environment.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            Add(Encoding.UTF8.GetBytes(name));
            Add(Encoding.UTF8.GetBytes(value));
        }

        Add([]);
        Add(UserData.Span);
        foreach (var file in Files)
        {
            Add(Encoding.UTF8.GetBytes(file.Path));
            Add(BitConverter.GetBytes(file.Mode));
            Add(file.Content.Span);
        }

        Add([]);
        Add(Encoding.UTF8.GetBytes(string.Join(' ', Forwards)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
