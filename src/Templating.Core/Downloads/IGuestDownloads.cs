using Templating.Core.Templates;

namespace Templating.Core.Downloads;

/// <summary>Fetches files of guests.</summary>
public interface IGuestDownloads
{
    /// <summary>All that can be said before anything is fetched, such as a host that is not allowed.</summary>
    /// <returns>Null where nothing speaks against it.</returns>
    string? FindProblem(string url);

    /// <summary>The file, whose bytes hash to what they must; it stays until disposed.</summary>
    /// <param name="tenant">Whose turn it takes.</param>
    /// <param name="field">Of the request, for what is told of it.</param>
    /// <param name="source">With URL and digest.</param>
    /// <param name="cancellationToken">Ends the transfer.</param>
    /// <exception cref="Errors.TemplatingException">InvalidArgument: not allowed, too large, other bytes. DownloadFailed. DiskFull.</exception>
    Task<IDownload> FetchAsync(string tenant, string field, FileSource source, CancellationToken cancellationToken);
}

/// <summary>A fetched file in use.</summary>
public interface IDownload : IDisposable
{
    string Path { get; }
}
