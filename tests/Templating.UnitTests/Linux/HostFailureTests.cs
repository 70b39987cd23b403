using System.Net.Sockets;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.UnitTests.Store;

namespace Templating.UnitTests.Linux;

public sealed class HostFailureTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Errno.NoSpace, ErrorCode.DiskFull)]
    [InlineData(Errno.QuotaExceeded, ErrorCode.DiskFull)]
    [InlineData(Errno.TooManyFiles, ErrorCode.HostExhausted)]
    [InlineData(Errno.TooManyFilesInAll, ErrorCode.HostExhausted)]
    [InlineData(Errno.NoMemory, ErrorCode.HostExhausted)]
    [InlineData(Errno.NoBuffers, ErrorCode.HostExhausted)]
    [InlineData(Errno.ReadOnly, ErrorCode.HostUnusable)]
    [InlineData(Errno.Access, ErrorCode.HostUnusable)]
    [InlineData(Errno.NotPermitted, ErrorCode.HostUnusable)]
    [InlineData(Errno.InputOutput, ErrorCode.HostUnusable)]
    [InlineData(Errno.FileTooLarge, ErrorCode.HostUnusable)]
    public void WhatTheKernelRefusesIsToldByItsKindAndItsPath(int error, ErrorCode code)
    {
        var failure = HostFailure.Find(new InvalidOperationException("It failed.", FileSystem.Error(error, "open", "/run/x/clone.json"))).ShouldNotBeNull();

        failure.Code.ShouldBe(code);
        failure.Message.ShouldContain("/run/x/clone.json");
    }

    [Theory]
    [InlineData(Errno.NoEntry)]
    [InlineData(Errno.Exists)]
    [InlineData(Errno.Again)]
    [InlineData(Errno.NotFolder)]
    public void WhatIsNoLimitOfTheHostsIsLeftAsItIs(int error) => HostFailure.Find(FileSystem.Error(error, "open", "/x")).ShouldBeNull();

    [Fact]
    public void AFailureThatHasItsCodeKeepsIt()
    {
        var known = new TemplatingException(ErrorCode.TemplateCorrupt, "It is.", FileSystem.Error(Errno.NoSpace, "write", "/x"));

        HostFailure.Explain(known).ShouldBeSameAs(known);
    }

    /// <summary>.NET's own files: the error number is there, the path is in the message alone.</summary>
    [Fact]
    public void AFullDiskIsNamedWhoeverWrote()
    {
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0);
        var failure = HostFailure.Find(Should.Throw<IOException>(() => full.Write([1]))).ShouldNotBeNull();

        failure.Code.ShouldBe(ErrorCode.DiskFull);
        failure.Details["path"].ShouldBe("/dev/full");
        failure.Details.Keys.ShouldContain("free_bytes");
    }

    [Fact]
    public void WhatMayNotBeOpenedIsTheHostsToo()
    {
        var denied = new UnauthorizedAccessException("Access to the path '/run/x' is denied.", new IOException("Permission denied", Errno.Access));

        HostFailure.Find(denied).ShouldNotBeNull().Message.ShouldContain("/run/x");
    }

    [Fact]
    public void SocketsHaveLimitsToo() =>
        HostFailure.Find(new SocketException((int)SocketError.TooManyOpenSockets)).ShouldNotBeNull().Code.ShouldBe(ErrorCode.HostExhausted);

    [Fact]
    public void NoMoreProcessesIsALimitOnlyWhereOneIsStarted()
    {
        HostFailure.FindOfProcess(Errno.Again, "Cannot start 'qemu'").ShouldNotBeNull().Code.ShouldBe(ErrorCode.HostExhausted);
        HostFailure.Find(Errno.Again, "Cannot read").ShouldBeNull();
    }

    [Fact]
    public void WhatWasNeededIsSaidWhereItIsKnown()
    {
        var failure = DiskFull.Of(_folder.At("not/there/yet"), 12345);

        failure.Message.ShouldContain("12345 are needed");
        failure.Details["needed_bytes"].ShouldBe("12345");
        long.Parse(failure.Details["free_bytes"], System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(0);
    }
}
