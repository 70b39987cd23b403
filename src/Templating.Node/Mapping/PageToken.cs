using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Templating.Contract;

namespace Templating.Node.Mapping;

/// <summary>
/// Where the next page begins: after the key of the last object sent. Objects that come and go meanwhile neither
/// repeat nor hide others. Layout, in base64url: 8 bytes of SHA-256 over filter and key, then the key. The digest
/// catches a token of another query or a damaged one; it keeps no secret, since every page asks for the right anew.
/// </summary>
internal static class PageToken
{
    private const int DigestLength = 8;
    private const int MaxLength = 1024;

    public static string Write(string filter, string key) =>
        Base64Url.EncodeToString([.. Digest(filter, key), .. Encoding.UTF8.GetBytes(key)]);

    /// <summary>Null for the first page, and after a fault, which is reported.</summary>
    public static string? Read(string token, string filter, Faults faults)
    {
        if (token.Length == 0)
        {
            return null;
        }

        if (token.Length <= MaxLength && Base64Url.IsValid(token))
        {
            var bytes = Base64Url.DecodeFromChars(token);
            if (bytes.Length > DigestLength)
            {
                var key = Encoding.UTF8.GetString(bytes, DigestLength, bytes.Length - DigestLength);
                if (bytes.AsSpan(0, DigestLength).SequenceEqual(Digest(filter, key)))
                {
                    return key;
                }
            }
        }

        faults.Add("page_token", "It is not one that this query returned; start again without.");
        return null;
    }

    private static ReadOnlySpan<byte> Digest(string filter, string key) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{filter}\0{key}")).AsSpan(0, DigestLength);
}
