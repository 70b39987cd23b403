using Xunit.Abstractions;
using Xunit.Sdk;

namespace Templating.Mutation;

/// <summary>Nobody asks in which file a test stands.</summary>
internal sealed class NoSources : ISourceInformationProvider
{
    public ISourceInformation GetSourceInformation(ITestCase testCase) => new SourceInformation();

    public void Dispose()
    {
    }
}
