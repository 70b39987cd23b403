using System.Security.Cryptography;
using Templating.Core.Requests;

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
        using var digest = new RequestDigest();
        request.AddTo(digest)
            .Add(request.Template.ToString())
            .Add(request.Revision)
            .Add(request.Id)
            .Add(request.Labels)
            .Add(request.Network is { } n ? $"{n.Outbound} {string.Join(' ', n.Forwards)}" : null);
        if (request.Lifetime != Lifetime.Unsaid)
        {
            // Only where it is said: digests that are written down stay what they are.
            digest.Add($"{request.Lifetime.Ttl} {request.Lifetime.ExpireAt:O} {request.Lifetime.IdleLimit}");
        }

        if (request.Cgroups.Count > 0)
        {
            digest.Add(string.Join('\n', request.Cgroups));
        }

        return digest.Finish();
    }
}
