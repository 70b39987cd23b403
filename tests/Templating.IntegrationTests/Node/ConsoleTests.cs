using System.Text;
using Google.Protobuf;
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
