using System.Globalization;
using Templating.Core.Linux;
using Templating.Testing;

namespace Templating.UnitTests.Linux;

public sealed class WorkThreadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(WorkThread.Low)]
    public async Task WorkIsDoneOnAThreadOfItsOwnThatGivesWay(int nice)
    {
        var (pooled, found) = await WorkThread.RunAsync("work", () => (Thread.CurrentThread.IsThreadPoolThread, Nice()), nice).Soonest();

        pooled.ShouldBeFalse();
        found.ShouldBe(Math.Min(19, Nice() + nice), "nice of the thread, beside that of the process");
    }

    [Fact]
    public async Task WhatGoesWrongThereGoesToWhoWaits()
    {
        await Should.ThrowAsync<IOException>(WorkThread.RunAsync<int>("work", () => throw new IOException("no")).Soonest());
        await Should.ThrowAsync<OperationCanceledException>(WorkThread.RunAsync<int>("work", () => throw new OperationCanceledException()).Soonest());
    }

    /// <summary>Of the calling thread: proc(5), field 19 of stat, counted behind the command's parenthesis.</summary>
    private static int Nice()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}
