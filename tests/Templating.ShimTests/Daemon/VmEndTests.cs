using Templating.Shim.Daemon;
using Templating.Testing.Nodes;

namespace Templating.ShimTests.Daemon;

public sealed class VmEndTests
{
    [Fact]
    public async Task TheEndOfAProcessIsSeenAndThatOfOneThatIsGone()
    {
        using var program = new ChildProcess("/bin/cat", [], null, redirect: true);
        using var watch = VmEnd.Watch(program.Id);
        watch.Ended.IsCompleted.ShouldBeFalse();

        program.Input.Close();

        await watch.Ended;
        await program.WaitExitAsync(CancellationToken.None);
        using var late = VmEnd.Watch(program.Id);
        late.Ended.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public async Task WhoIsNotInterestedAnyMoreIsToldNothing()
    {
        using var program = new ChildProcess("/bin/cat", [], null, redirect: true);
        var watch = VmEnd.Watch(program.Id);

        watch.Dispose();

        await Should.ThrowAsync<OperationCanceledException>(() => watch.Ended);
    }
}
