using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>The one reader and writer of <c>manifest.json</c> (docs/store-format.md).</summary>
internal static class ManifestFormat
{
    private static readonly JsonDocumentOptions FirstLook = new() { MaxDepth = 64 };

    /// <exception cref="TemplatingException">ManifestInvalid: it breaks a rule that the reader enforces.</exception>
    public static byte[] Write(Manifest manifest)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, StrictManifest.TypeInfo);
        var where = $"of {new TemplateName(manifest.Tenant, manifest.Template)}";
        // Read back as any reader would: nothing is published that cannot be read.
        _ = Parse(bytes, where);
        return bytes;
    }

    /// <summary>The folder name that belongs to these bytes.</summary>
    public static string RevisionOf(ReadOnlySpan<byte> bytes) =>
        Convert.ToHexStringLower(SHA256.HashData(bytes))[..Labels.RevisionLength];

    /// <summary>Reads the file of a revision and checks it against the folders it lies in.</summary>
    /// <exception cref="TemplatingException">TemplateCorrupt: not the bytes that were published. ManifestInvalid.</exception>
    /// <exception cref="IOException">Not there, or not readable.</exception>
    public static Manifest Read(string path, RevisionName name)
    {
        byte[] bytes;
        using (var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out var stamp))
        {
            if (stamp.Size > StoreLimits.ManifestBytes)
            {
                throw Invalid(path, $"has {stamp.Size} bytes, more than the {StoreLimits.ManifestBytes} allowed; delete the revision and rebuild the template");
            }

            bytes = new byte[stamp.Size];
            var read = RandomAccess.Read(file, bytes, 0);
            bytes = read == bytes.Length ? bytes : bytes[..read];
        }

        var found = RevisionOf(bytes);
        if (!string.Equals(found, name.Revision, StringComparison.Ordinal))
        {
            throw new TemplatingException(
                ErrorCode.TemplateCorrupt,
                $"Manifest {path} is not the one that was published: its SHA-256 begins with {found}, expected is {name.Revision}. Delete the revision and rebuild the template.");
        }

        var manifest = Parse(bytes, path);
        if (!string.Equals(manifest.Tenant, name.Template.Tenant, StringComparison.Ordinal)
            || !string.Equals(manifest.Template, name.Template.Name, StringComparison.Ordinal))
        {
            throw Invalid(path, $"says it is of {new TemplateName(manifest.Tenant, manifest.Template)} and lies in the folder of {name.Template}; templates do not cross tenants, so delete this revision");
        }

        return manifest;
    }

    /// <exception cref="TemplatingException">ManifestInvalid.</exception>
    public static Manifest Parse(ReadOnlyMemory<byte> bytes, string path)
    {
        if (bytes.Length > StoreLimits.ManifestBytes)
        {
            throw Invalid(path, $"has {bytes.Length} bytes, more than the {StoreLimits.ManifestBytes} allowed");
        }

        Manifest manifest;
        try
        {
            CheckVersion(bytes, path);
            manifest = JsonSerializer.Deserialize(bytes.Span, StrictManifest.TypeInfo)
                ?? throw new JsonException("The manifest is null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            throw Invalid(path, $"cannot be read: {OneLine(e.Message)}", e);
        }

        var problem = ManifestRules.Check(manifest);
        return problem is null ? manifest : throw Invalid(path, problem);
    }

    private static void CheckVersion(ReadOnlyMemory<byte> bytes, string path)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            throw new JsonException("It is not UTF-8.");
        }

        using var document = JsonDocument.Parse(bytes, FirstLook);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("formatVersion", out var element)
            || element.ValueKind != JsonValueKind.Number)
        {
            throw new JsonException("It has no number formatVersion.");
        }

        if (!element.TryGetInt32(out var version) || version != StoreLimits.FormatVersion)
        {
            throw Invalid(path, $"has format version {Bounded(element.GetRawText())}; this version of Templating reads {StoreLimits.FormatVersion}: use a newer one or rebuild the template");
        }
    }

    private static TemplatingException Invalid(string path, string problem, Exception? inner = null) =>
        new(ErrorCode.ManifestInvalid, $"Manifest {path} {problem.TrimEnd('.')}.", inner);

    private static string OneLine(string message) => Bounded(new string([.. message.Select(c => char.IsControl(c) ? '?' : c)]));

    private static string Bounded(string text) => text.Length > 300 ? text[..300] + "..." : text;
}
