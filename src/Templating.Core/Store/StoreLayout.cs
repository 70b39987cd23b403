using System.Security.Cryptography;
using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>
/// Paths of a store (version 1, docs/store-format.md):
/// <code>
/// ROOT/lock                                    flock'ed; holds the owner's process id
/// ROOT/templates/TENANT/NAME/REVISION/         REVISION: first 32 hex digits of SHA-256(manifest.json)
///     manifest.json  memory  state
/// ROOT/images/SHA256                           read-only images, shared by templates
/// ROOT/staging/RANDOM/                         builds under way and deletions; swept at start
/// </code>
/// </summary>
internal sealed class StoreLayout(string root)
{
    public const string ManifestFile = "manifest.json";
    public const string MemoryFile = "memory";
    public const string StateFile = "state";

    public string Root { get; } = root;

    public string Lock => Path.Combine(Root, "lock");

    public string Templates => Path.Combine(Root, "templates");

    public string Images => Path.Combine(Root, "images");

    public string Staging => Path.Combine(Root, "staging");

    public string Tenant(string tenant) => Path.Combine(Templates, tenant);

    public string Template(TemplateName name) => Path.Combine(Tenant(name.Tenant), name.Name);

    public string Revision(RevisionName name) => Path.Combine(Template(name.Template), name.Revision);

    public string Image(string sha256) => Path.Combine(Images, sha256);

    public string NewStaging(string prefix) =>
        Path.Combine(Staging, prefix + "-" + RandomNumberGenerator.GetHexString(16, lowercase: true));
}
