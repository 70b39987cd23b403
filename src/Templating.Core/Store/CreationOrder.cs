using Templating.Contract;
using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>
/// Makes the creation times of a template's revisions the order in which they were built, whatever the wall clock does: which one is
/// the newest decides what is cloned and what is retired. The revisions of a cluster's template compete with one another, whatever
/// each is called on the node.
/// </summary>
internal sealed class CreationOrder
{
    /// <summary>As fine as times are told to clients.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    private const int MaxGiven = 1024;

    /// <summary>Given to builds that may not be published yet.</summary>
    private readonly Dictionary<(string Tenant, string Family), DateTimeOffset> _given = [];

    /// <summary>Under the store's gate.</summary>
    public DateTimeOffset Next(TemplateName template, DateTimeOffset now, IEnumerable<Revision> published)
    {
        var key = Key(template);
        var newest = published.Where(r => Key(r.Name.Template) == key).Select(r => r.Manifest.CreatedAt)
            .Append(_given.GetValueOrDefault(key)).Max();
        var next = now > newest ? now : newest < DateTimeOffset.MaxValue - Step ? newest + Step : newest;
        if (_given.Count >= MaxGiven)
        {
            // Long published, or never; the clock is past them.
            foreach (var (old, _) in _given.Where(g => g.Value <= now).ToList())
            {
                _given.Remove(old);
            }
        }

        return _given[key] = next;
    }

    private static (string Tenant, string Family) Key(TemplateName template) => (template.Tenant, NodeTemplates.FamilyOf(template.Name));
}
