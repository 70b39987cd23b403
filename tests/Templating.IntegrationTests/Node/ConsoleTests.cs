using System.Text;
using Google.Protobuf;
using Templating.Testing;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

public sealed class ConsoleTests(SharedNode shared) : SharedNodeTest(shared)
{
    [Fact]
    public async Task WhatIsTypedIsRunAndWhatIsSaidIsRead()
    {
        var clone = await CloneAsync();
        using var call = Client.Clones.AttachConsole(cancellationToken: Limit);
        await call.RequestStream.WriteAsync(new AttachConsoleRequest { Start = new AttachConsoleStart { Name = clone.Name } }, Limit);
        await call.RequestStream.WriteAsync(new AttachConsoleRequest { Input = ByteString.CopyFromUtf8("echo $((6*7))-answers\n") }, Limit);

        var said = new StringBuilder();
        while (!said.ToString().Contains("42-answers", StringComparison.Ordinal) && await call.ResponseStream.MoveNext(Limit))
        {
            said.Append(call.ResponseStream.Current.Output.ToStringUtf8());
        }

        said.ToString().ShouldContain("42-answers");
        (await HistoryAsync(clone)).ShouldContain("42-answers");
    }

    [Fact]
    public async Task ConsolesOfClonesAreTheirOwn()
    {
        var clones = await Task.WhenAll(CloneAsync(), CloneAsync());

        await ShellAsync(clones[0], "echo only here >/dev/console; sync");
        await ShellAsync(clones[1], "echo nothing >/dev/null");

        (await HistoryAsync(clones[1])).ShouldNotContain("only here");
    }

    [Fact]
    public async Task PanicIsQuotedAndTheConsoleOfTheDeadIsStillThere()
    {
        var clone = await CloneAsync();

        await EndAsync(clone, "echo before the end >/dev/console; echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger");

        var ended = await WaitForEndAsync(clone);
        ended.State.ShouldBe(CloneState.Failed);
        ended.StateReason.ShouldBe("the guest's kernel panicked: Kernel panic - not syncing: sysrq triggered crash");
        var history = await HistoryAsync(clone);
        history.ShouldContain("before the end");
        history.ShouldContain("Kernel panic - not syncing");
    }

    [Fact]
    public async Task GuestThatPowersOffHasNotPanickedWhateverItPrinted()
    {
        var clone = await CloneAsync();

        await EndAsync(clone, "echo 'Kernel panic - not syncing: a joke' >/dev/console; poweroff -f");

        var ended = await WaitForEndAsync(clone);
        (ended.State, ended.StateReason).ShouldBe((CloneState.Stopped, "the guest powered off"));
        (await HistoryAsync(clone)).ShouldContain("a joke");
    }

    /// <summary>The program may or may not live to tell its own end.</summary>
    private async Task EndAsync(VmClone clone, string script)
    {
        try
        {
            await ShellAsync(clone, script);
        }
        catch (Api.Client.TemplatingClientException)
        {
            // Its guest was faster.
        }
    }

    private async Task<VmClone> WaitForEndAsync(VmClone clone)
    {
        VmClone? seen = null;
        await Eventually.UntilAsync(
            async () => (seen = await Client.Clones.GetCloneAsync(new GetCloneRequest { Name = clone.Name }, cancellationToken: Limit)).State
                is CloneState.Failed or CloneState.Stopped,
            "the clone ended");
        return seen!;
    }

    private async Task<string> HistoryAsync(VmClone clone)
    {
        using var call = Client.Clones.AttachConsole(cancellationToken: Limit);
        var start = new AttachConsoleStart { Name = clone.Name, WithHistory = true, NoFollow = true };
        await call.RequestStream.WriteAsync(new AttachConsoleRequest { Start = start }, Limit);
        await call.RequestStream.CompleteAsync();
        var said = new StringBuilder();
        while (await call.ResponseStream.MoveNext(Limit))
        {
            said.Append(call.ResponseStream.Current.Output.ToStringUtf8());
        }

        return said.ToString();
    }
}
