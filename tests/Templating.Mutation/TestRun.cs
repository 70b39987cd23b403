using System.Runtime.Loader;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Templating.Mutation;

/// <summary>The unit tests in this process, as often as is asked, with one mutant or none.</summary>
internal sealed class TestRun
{
    private readonly XunitTestFrameworkExecutor _executor;
    private readonly Type _mutants;

    public TestRun(string assembly)
    {
        var folder = Path.GetDirectoryName(assembly)!;
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            File.Exists(Path.Combine(folder, name.Name + ".dll")) ? context.LoadFromAssemblyPath(Path.Combine(folder, name.Name + ".dll")) : null;
        var tests = AssemblyLoadContext.Default.LoadFromAssemblyPath(assembly);
        _mutants = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.Combine(folder, "Templating.Contract.dll")).GetType("Mutants", throwOnError: true)!;
        var sink = new Discovered();
        var discoverer = new XunitTestFrameworkDiscoverer(new ReflectionAssemblyInfo(tests), new NoSources(), new Quiet());
        discoverer.Find(includeSourceInformation: false, sink, new Options());
        sink.Finished.Wait();
        Cases = sink.Cases;
        _executor = new XunitTestFrameworkExecutor(tests.GetName(), new NoSources(), new Quiet());
    }

    public IReadOnlyList<IXunitTestCase> Cases { get; }

    public void Activate(int mutant) => _mutants.GetField("Active")!.SetValue(null, mutant);

    public void Clear() => _mutants.GetMethod("Clear")!.Invoke(null, []);

    public bool Hit(int mutant) => (bool)_mutants.GetMethod("Hit")!.Invoke(null, [mutant])!;

    /// <returns>The name of the first that failed; null where all passed.</returns>
    public string? Run(IReadOnlyList<IXunitTestCase> cases)
    {
        var sink = new Results();
        _executor.RunTests(cases, sink, new Options());
        sink.Finished.Wait();
        return sink.Failed;
    }

    private sealed class Quiet : IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message) => true;
    }

    private sealed class Discovered : IMessageSink
    {
        public List<IXunitTestCase> Cases { get; } = [];

        public ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage found)
            {
                Cases.Add((IXunitTestCase)found.TestCase);
            }
            else if (message is IDiscoveryCompleteMessage)
            {
                Finished.Set();
            }

            return true;
        }
    }

    private sealed class Results : IMessageSink
    {
        public string? Failed { get; private set; }

        public ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestFailed failed)
            {
                Failed ??= failed.Test.DisplayName;
            }
            else if (message is ITestAssemblyFinished)
            {
                Finished.Set();
            }

            return Failed is null;
        }
    }
}

