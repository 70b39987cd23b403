using Templating.Core.Errors;
using Templating.Node.Hosting;
using Templating.Node.Options;
using Templating.UnitTests.Store;

namespace Templating.UnitTests.Node.Hosting;

/// <summary>The locks are the kernel's, by open file: two in one process keep each other out as two processes do.</summary>
public sealed class VmUserLeaseTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1000, 100, 1100, 100, true)]
    [InlineData(1000, 100, 1099, 100, false)]
    [InlineData(1000, 100, 900, 100, true)]
    [InlineData(1000, 100, 900, 101, false)]
    [InlineData(1000, 100, 1010, 1, false)]
    [InlineData(1000, 100, 1000, 100, false)]
    [InlineData(2_000_000_000, 65_536, 2_000_065_536, 1, true)]
    public async Task StretchesOfTwoDaemonsMustNotTouch(int first, int count, int otherFirst, int otherCount, bool allowed)
    {
        using var one = Lease(first, count);
        await one.StartAsync(CancellationToken.None);
        using var two = Lease(otherFirst, otherCount);

        if (allowed)
        {
            await two.StartAsync(CancellationToken.None);
            return;
        }

        var refused = Should.Throw<TemplatingException>(() => { _ = two.StartAsync(CancellationToken.None); });
        refused.Code.ShouldBe(ErrorCode.IllegalState);
        refused.Message.ShouldContain($"{first} to {first + count - 1}");
    }

    [Fact]
    public async Task StretchIsFreeWhenItsDaemonIsGone()
    {
        var one = Lease(1000, 100);
        await one.StartAsync(CancellationToken.None);
        one.Dispose();
        using var two = Lease(1000, 100);

        await two.StartAsync(CancellationToken.None);

        File.GetUnixFileMode(_folder.At("users")).ShouldBe((UnixFileMode)0b111_000_000);
        File.GetUnixFileMode(_folder.At("users/lock")).ShouldBe((UnixFileMode)0b110_000_000);
    }

    [Fact]
    public void FolderThatCannotBeMadeSaysWhatToDo()
    {
        File.WriteAllText(_folder.At("users"), "");
        using var lease = Lease(1000, 100);

        Should.Throw<TemplatingException>(() => { _ = lease.StartAsync(CancellationToken.None); }).Message.ShouldContain("RuntimeDirectory=");
    }

    private VmUserLease Lease(int first, int count) => new(new VmUserRange { FirstUid = first, Count = count }, _folder.At("users"));
}
