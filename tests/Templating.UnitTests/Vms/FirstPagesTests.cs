using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Diagnostics;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Vms;

/// <summary>On real files and the kernel's page cache; a fake in the place of the VM that tells what it has used.</summary>
public sealed class FirstPagesTests : IAsyncLifetime
{
    private const int MiB = 1 << 20;

    // On the disk of the build: the folder for temporary files may lie in memory, of which nothing is ever lost.
    private readonly TempFolder _folder = new(AppContext.BaseDirectory);
    private readonly FakeNode _node = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MetricCollector<long> _read;
    private readonly FirstPages _pages;
    private readonly FakeVm _vm = new(new FakeVmm(), new VmFolder("/nowhere"), new VmProcessId(1, 1, Guid.Empty))
    {
        UsedPages = [[new FileRange(8 * MiB, 64 * 1024), new FileRange(24 * MiB, 64 * 1024)], [new FileRange(0, 4096)]],
    };

    private Manifest _manifest = null!;

    public FirstPagesTests()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _pages = new FirstPages(new TemplatingMetrics(factory), NullLogger<FirstPages>.Instance);
        _read = new MetricCollector<long>(factory, TemplatingTelemetry.MeterName, "templating.template.read_ahead");
    }

    private long Read => _read.GetMeasurementSnapshot().Sum(m => m.Value);

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
        _manifest = _node.Store.List(null).ShouldHaveSingleItem().Manifest;
        Make("memory", 32 * MiB);
        Make("state", 256 * 1024);
        Make("image", MiB);
    }

    public async Task DisposeAsync()
    {
        _read.Dispose();
        await _services.DisposeAsync();
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task WhatTheFirstCloneUsedIsReadAheadForTheNextWhereThePageCacheHasLostIt()
    {
        var source = Source("one");
        await _pages.Learn(source, _vm);
        await DropAllAsync();

        await _pages.Fetch(source);

        Read.ShouldBe((2 * 64 * 1024) + 4096 + (256 * 1024));
        await Eventually.UntilAsync(
            () => Task.FromResult(!Lacks("memory", 8 * MiB) && !Lacks("memory", (24 * MiB) + 60_000) && !Lacks("state", 200_000) && !Lacks("image", 0)), "they are there");
        Lacks("memory", 16 * MiB).ShouldBeTrue();
    }

    [Fact]
    public async Task NothingIsReadWhereThePageCacheHasIt()
    {
        var source = Source("one");
        await _pages.Learn(source, _vm);
        ReadAll();

        await _pages.Fetch(source);

        Read.ShouldBe(0);
    }

    [Fact]
    public async Task NothingIsReadOfARevisionThatNoCloneHasBeenOf()
    {
        await _pages.Learn(Source("one"), _vm);
        await DropAllAsync();

        await _pages.Fetch(Source("two"));

        Read.ShouldBe(0);
    }

    [Fact]
    public async Task FilesThatAreGoneFailNobodysStart()
    {
        var source = Source("one");
        await _pages.Learn(source, _vm);
        File.Delete(source.MemoryPath);

        await _pages.Fetch(source);

        Read.ShouldBe(0);
    }

    [Fact]
    public async Task OfManyRevisionsThoseThatWereUsedTheLongestAgoAreForgotten()
    {
        for (var i = 0; i < 300; i++)
        {
            await _pages.Learn(Source($"r{i}"), _vm);
        }

        await DropAllAsync();
        await _pages.Fetch(Source("r0"));
        Read.ShouldBe(0);
        await _pages.Fetch(Source("r299"));
        Read.ShouldBeGreaterThan(0);
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private void Make(string name, int bytes)
    {
        using var file = File.OpenHandle(In(name), FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, new byte[bytes], 0);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>The kernel keeps for a moment what another CPU has just put there.</summary>
    private Task DropAllAsync() => Eventually.UntilAsync(
        () =>
        {
            foreach (var name in (string[])["memory", "state", "image"])
            {
                using var file = File.OpenHandle(In(name));
                PageCache.Drop(file);
            }

            return Task.FromResult(Lacks("memory", 8 * MiB) && Lacks("memory", 16 * MiB) && Lacks("memory", (24 * MiB) + 60_000) && Lacks("state", 200_000) && Lacks("image", 0));
        },
        "the filesystem of the build's folder lets go of its pages");

    private void ReadAll()
    {
        foreach (var name in (string[])["memory", "state", "image"])
        {
            File.ReadAllBytes(In(name)).ShouldNotBeEmpty();
        }
    }

    private bool Lacks(string name, long offset)
    {
        using var file = File.OpenHandle(In(name));
        return PageCache.Lacks(file, offset);
    }

    private VmSource Source(string revision) => new()
    {
        Name = new RevisionName(new TemplateName("a", "t"), revision),
        Manifest = _manifest,
        MemoryPath = In("memory"),
        StatePath = In("state"),
        ImagePaths = [In("image")],
    };
}
