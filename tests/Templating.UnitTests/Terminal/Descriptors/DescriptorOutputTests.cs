using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Terminal.Descriptors;

namespace Templating.UnitTests.Terminal.Descriptors;

public sealed partial class DescriptorOutputTests
{
    private const int SetFlags = 4;
    private const int NonBlocking = 0x800;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AllIsWrittenAlsoWhereSomebodyMadeTheDescriptorNonBlocking()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        var handle = new SafeFileHandle(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Control((int)handle.DangerousGetHandle(), SetFlags, NonBlocking).ShouldBe(0);
        var failures = new List<int>();
        await using var output = new DescriptorOutput(handle, failures.Add);
        var writing = output.WriteAsync(new byte[1 << 20]).AsTask();

        var count = 0;
        var buffer = new byte[8192];
        while (count < 1 << 20)
        {
            count += await pipe.ReadAsync(buffer);
        }

        await writing.WaitAsync(Soon, TimeProvider.System);
        failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task AReaderWhoGoesIsToldOnceAndWhatFollowsIsDropped()
    {
        var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        var handle = Copy(pipe);
        await pipe.DisposeAsync();
        var failures = new List<int>();
        await using var output = new DescriptorOutput(handle, failures.Add);

        output.Write("one"u8);
        await output.WriteAsync("two"u8.ToArray());

        failures.ShouldBe([LibC.BrokenPipe]);
    }

    [Fact]
    public async Task AReaderWhoGoesIsNoticedWithoutAWrite()
    {
        var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        using var handle = Copy(pipe);
        var gone = new TaskCompletionSource<int>();
        await using var output = new DescriptorOutput(handle, gone.SetResult);
        output.WatchReader();

        gone.Task.IsCompleted.ShouldBeFalse();
        await pipe.DisposeAsync();

        (await gone.Task.WaitAsync(Soon, TimeProvider.System)).ShouldBe(LibC.BrokenPipe);
    }

    [Fact]
    public async Task AWriteThatNobodyTakesCanBeCancelled()
    {
        await using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        using var handle = Copy(pipe);
        await using var output = new DescriptorOutput(handle, _ => { });
        using var cancel = new CancellationTokenSource();
        var writing = output.WriteAsync(new byte[1 << 20], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(writing.WaitAsync(Soon, TimeProvider.System));
    }

    [Fact]
    public void AFullDiskIsTriedAgainAndAClosedDescriptorIsNot()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        foreach (var (handle, times) in new[] { (full, 2), (new SafeFileHandle(-1, ownsHandle: false), 1) })
        {
            var failures = new List<int>();
            using var output = new DescriptorOutput(handle, failures.Add);
            output.Write("a"u8);
            output.Write("b"u8);
            failures.Count.ShouldBe(times);
        }
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(LibC.BrokenPipe, 0, OutputGuard.ReaderGone)]
    [InlineData(LibC.BrokenPipe, 5, OutputGuard.ReaderGone)]
    [InlineData(28, 0, 1)]
    [InlineData(28, 5, 5)]
    public void WhatBecameOfTheOutputDecidesTheExitCode(int error, int code, int expected)
    {
        using var guard = new OutputGuard();
        if (error != 0)
        {
            guard.Fail(error);
            guard.Fail(LibC.BadDescriptor);
        }

        var told = new List<string>();
        guard.Conclude(code, 1, told.Add).ShouldBe(expected);
        told.Count.ShouldBe(error == 28 ? 1 : 0);
    }

    [Theory]
    [InlineData("132", 132)]
    [InlineData("1", 1)]
    [InlineData("0", StandardDescriptors.DefaultColumns)]
    [InlineData("-5", StandardDescriptors.DefaultColumns)]
    [InlineData("99999999999", StandardDescriptors.DefaultColumns)]
    [InlineData("wide", StandardDescriptors.DefaultColumns)]
    [InlineData("", StandardDescriptors.DefaultColumns)]
    [InlineData(null, StandardDescriptors.DefaultColumns)]
    public void AWidthIsANumberOfColumnsOrTheUsual(string? variable, int columns) =>
        StandardDescriptors.Columns(-1, variable).ShouldBe(columns);

    /// <summary>The writing end, which stays open when the pipe's object is disposed.</summary>
    private static SafeFileHandle Copy(AnonymousPipeServerStream pipe)
    {
        var copy = new SafeFileHandle(Duplicate((int)pipe.ClientSafePipeHandle.DangerousGetHandle()), ownsHandle: true);
        pipe.DisposeLocalCopyOfClientHandle();
        return copy;
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command, int flags);
}
