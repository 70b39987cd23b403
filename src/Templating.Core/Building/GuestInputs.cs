using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Downloads;
using Templating.Core.Errors;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Building;

/// <summary>The files of one build, wherever they come from; what was fetched stays until this is disposed.</summary>
internal sealed class GuestInputs(string tenant, GuestFilePolicy policy, GuestDownloads? downloads, Turn turn) : IDisposable
{
    private readonly List<Download> _fetched = [];

    /// <returns>The faults of all URLs that can be told before anything is fetched.</returns>
    public static IEnumerable<FieldViolation> ValidateUrls(TemplateSpec spec, GuestDownloads? downloads)
    {
        var guest = spec.Guest;
        IEnumerable<(string Field, FileSource? Source)> files =
        [
            (GuestSpec.Field("kernel", isSource: true), guest.KernelSource),
            (GuestSpec.Field("initrd", isSource: true), guest.InitrdSource),
            .. (guest.ImageSources ?? []).Select((image, i) => (GuestSpec.Field("image", isSource: true, i), (FileSource?)image)),
        ];
        return
            from file in files
            where file.Source?.Url is not null
            let problem = downloads is null ? "This node fetches nothing; put the file into a guest folder and name its path." : downloads.FindProblem(file.Source!.Url!)
            where problem is not null
            select new FieldViolation(file.Field + ".url", problem);
    }

    /// <param name="field">Of the request.</param>
    /// <param name="source">By path or by URL.</param>
    /// <param name="read">Reads the file of a path under a policy, and tells its digest. Given the field to tell faults under.</param>
    /// <param name="cancellationToken">Of a transfer.</param>
    /// <exception cref="TemplatingException">InvalidArgument: other bytes than expected. What a transfer or the reading fails with.</exception>
    public async Task<FileDigest> ReadAsync(
        string field, FileSource source, Func<string, string, GuestFilePolicy, Task<FileDigest>> read, CancellationToken cancellationToken)
    {
        if (source.Url is not null)
        {
            // The store's own file by now, and its bytes are known.
            Download fetched;
            using (turn.Await())
            {
                fetched = await downloads!.FetchAsync(tenant, field, source, cancellationToken);
            }

            _fetched.Add(fetched);
            return await read(field + ".url", fetched.Path, GuestFilePolicy.Anywhere);
        }

        var digest = await read(field, source.Path!, policy);
        return source.Sha256 is null || string.Equals(digest.Sha256, source.Sha256, StringComparison.Ordinal)
            ? digest
            : throw new TemplatingException(
            [
                new FieldViolation(field + ".sha256", $"The file's bytes hash to {digest.Sha256}, and {source.Sha256} is expected: correct the digest, or the file."),
            ]);
    }

    public void Dispose() => _fetched.ForEach(download => download.Dispose());
}
