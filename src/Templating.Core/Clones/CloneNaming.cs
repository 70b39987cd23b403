using System.Security.Cryptography;
using System.Text;

namespace Templating.Core.Clones;

/// <summary>Names and numbers that are made up for a clone. All from the system's random source.</summary>
internal static class CloneNaming
{
    // As in Kubernetes' generateName: no vowels, so that no words appear, and no look-alikes.
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private const int MaxLabel = 63;

    private const int SuffixLength = 8;

    /// <summary>TEMPLATE-xxxxxxxx, at most 63 characters.</summary>
    public static string NewId(string template)
    {
        var prefix = template[..Math.Min(template.Length, MaxLabel - SuffixLength - 1)].TrimEnd('-');
        return $"{prefix}-{RandomNumberGenerator.GetString(Alphabet, SuffixLength)}";
    }

    /// <summary>Tells one request from another under the same request id.</summary>
    public static string Digest(CreateClone request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string? value)
        {
            var bytes = Encoding.UTF8.GetBytes(value ?? "\0");
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        void AddAll(IReadOnlyDictionary<string, string> pairs)
        {
            hash.AppendData(BitConverter.GetBytes(pairs.Count));
            foreach (var (key, value) in pairs.OrderBy(p => p.Key, StringComparer.Ordinal))
            {
                Add(key);
                Add(value);
            }
        }

        Add(request.Template.ToString());
        Add(request.Revision);
        Add(request.Id);
        Add(request.Hostname);
        AddAll(request.Environment);
        AddAll(request.Labels);
        Add(Convert.ToBase64String(request.UserData.Span));
        hash.AppendData(BitConverter.GetBytes(request.Files.Count));
        foreach (var file in request.Files)
        {
            Add(file.Path);
            hash.AppendData(BitConverter.GetBytes(file.Mode));
            Add(Convert.ToHexStringLower(SHA256.HashData(file.Content.Span)));
        }

        Add(request.Network is { } n ? $"{n.Outbound} {string.Join(' ', n.Forwards)}" : null);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
