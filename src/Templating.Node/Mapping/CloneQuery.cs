using Google.Protobuf;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Names;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>What a list of clones asks for: which of them, and which page.</summary>
internal sealed class CloneQuery
{
    private readonly Caller _caller;
    private readonly TemplateName? _template;
    private readonly string? _revision;
    private readonly string? _after;
    private readonly int _size;
    private readonly string _filter;

    /// <param name="kind">What is listed: a page's token leads on in the list that it is of.</param>
    public CloneQuery(string kind, string parent, string template, string pageToken, int pageSize, Caller caller, Faults faults)
    {
        _caller = caller;
        Tenant = NameReader.Parent(parent, caller, faults);
        if (template.Length > 0)
        {
            (_template, _revision) = NameReader.Template("template", template, caller, faults);
        }

        _filter = $"{kind} {parent} {template}";
        _after = PageToken.Read(pageToken, _filter, faults);
        _size = FieldReader.PageSize(pageSize, faults);
    }

    /// <summary>Null for all that the caller may see.</summary>
    public string? Tenant { get; }

    /// <param name="clones">Those of the tenant.</param>
    /// <param name="write">Called for those on the page only.</param>
    /// <param name="next">The next page's token; empty on the last.</param>
    public List<TWire> Page<TWire>(IEnumerable<CloneView> clones, Func<CloneView, TWire> write, out string next)
        where TWire : IMessage
    {
        var page = Pages.Cut(clones.Where(IsMeant), PageKeys.Of, _after, _size, write, out var last);
        next = last is null ? "" : PageToken.Write(_filter, last);
        return page;
    }

    private bool IsMeant(CloneView clone) => _caller.Tenants.Contains(clone.Name.Tenant)
        && (_template is null || clone.Template.Template == _template)
        && (_revision is null || string.Equals(_revision, clone.Template.Revision, StringComparison.Ordinal));
}
