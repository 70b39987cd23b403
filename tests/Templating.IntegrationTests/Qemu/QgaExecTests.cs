using System.Security.Cryptography;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

/// <summary>Programs run by qemu-guest-agent, which by itself tells nothing before their end.</summary>
[Collection(TemplateCollection.Name)]
public sealed class QgaExecTests(TemplateFixture fixture)
{
    private async Task<IGuest> CloneAsync()
    {
        var vm = await fixture.Template.CloneAsync();
        vm.Guest.Expect(GuestAgentKind.Qemu);
        return vm.Guest;
    }

    [Fact]
    public async Task OutputOfAnySizeArrivesWholeInPiecesAndApartFromErrors()
    {
        const int Bytes = 18 << 20; // more than the agent would keep, and far more than a line
        var guest = await CloneAsync();
        var (output, error, most) = (0L, 0L, 0);

        await foreach (var part in guest.ExecAsync(Shell($"head -c {Bytes} /dev/zero; head -c 100000 /dev/zero >&2; exit 3"), null, CancellationToken.None))
        {
            switch (part)
            {
                case ExecStandardOutput o:
                    (output, most) = (output + o.Bytes.Length, Math.Max(most, o.Bytes.Length));
                    break;
                case ExecStandardError e:
                    error += e.Bytes.Length;
                    break;
                case ExecExited exit:
                    exit.ShouldBe(new ExecExited(3, null));
                    break;
            }
        }

        (output, error).ShouldBe((Bytes, 100_000));
        most.ShouldBeLessThan(64 * 1024);
    }

    [Fact]
    public async Task InputThatIsMoreThanTheAgentTakesAtOnceArrivesWhole()
    {
        var guest = await CloneAsync();
        var text = string.Concat(Enumerable.Range(0, 400_000).Select(i => $"{i:d7}\n"));

        var result = await guest.RunAsync("sha256sum; ls /run/templating/exec/*.in | wc -l", [.. text.Chunk(60_000).Select(chunk => new string(chunk))]);

        result.Output.ShouldBe($"{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))}  -\n1\n");
        (await guest.RunAsync("cat; ls /run/templating/exec/*.in", "little")).Output.ShouldBe("little");
    }

    [Fact]
    public async Task TerminalUserAndSignalAreRefusedByName()
    {
        var guest = await CloneAsync();
        var sleep = new GuestCommand { Arguments = ["sleep", "100"], TakesInput = false };

        (await RefusalAsync(guest, sleep with { Terminal = new TerminalSize(24, 80) })).ShouldContain("cannot give a program a terminal");
        (await RefusalAsync(guest, sleep with { User = "ann" })).ShouldContain("cannot run a program as another user than root");
        (await RefusalAsync(guest, sleep, new ExecSignal(15))).ShouldContain("cannot send a program signals");
        (await guest.RunAsync("ps | grep -c '[s]leep 100'")).Output.ShouldBe("0\n");
    }

    [Fact]
    public async Task OutputIsToldWhileTheProgramRunsAndItsTimeEndsWhatItStarted()
    {
        var guest = await CloneAsync();
        await using var parts = guest.ExecAsync(
            Shell("echo first; sleep 4711; echo never") with { Timeout = TimeSpan.FromSeconds(2) }, null, CancellationToken.None).GetAsyncEnumerator();

        (await parts.MoveNextAsync().AsTask().Soonest()).ShouldBeTrue();
        parts.Current.ShouldBeOfType<ExecStandardOutput>().Bytes.ToArray().ShouldBe("first\n"u8.ToArray());
        (await parts.MoveNextAsync().AsTask().Soonest()).ShouldBeTrue();
        parts.Current.ShouldBe(new ExecExited(null, 9) { TimedOut = true });
        (await guest.RunAsync("for i in $(seq 50); do ps | grep -q '[s]leep 4711' || break; usleep 100000; done; ps | grep -c '[s]leep 4711'")).Output.ShouldBe("0\n");
    }

    [Fact]
    public async Task EndOfAProgramIsToldAsItWasAndABackgroundChildIsNotWaitedFor()
    {
        var guest = await CloneAsync();

        (await guest.RunAsync("sleep 1000 & echo started")).ShouldBe(new CommandResult("started\n", "", 0, null));
        (await guest.RunAsync("kill -9 $$")).ShouldBe(new CommandResult("", "", null, 9));
        (await guest.RunAsync("exit 255")).ExitCode.ShouldBe(255);
        (await EndAsync(guest, "/etc/passwd")).ShouldBe(new ExecExited(126, null));
        (await EndAsync(guest, "no-such-program")).ShouldBe(new ExecExited(127, null));
        (await guest.RunAsync("ls /run/templating/exec | wc -l")).Output.ShouldBe("2\n", "its own two files, and none of those before it");
    }

    private static async Task<ExecOutput> EndAsync(IGuest guest, string program)
    {
        ExecOutput? last = null;
        await foreach (var part in guest.ExecAsync(new GuestCommand { Arguments = [program] }, null, CancellationToken.None))
        {
            last = part;
        }

        return last!;
    }

    private static async Task<string> RefusalAsync(IGuest guest, GuestCommand command, params ExecInput[] input)
    {
        using var limit = new CancellationTokenSource(Soon.Limit);
        var error = await Should.ThrowAsync<TemplatingException>(
            guest.ExecAsync(command, input.ToAsyncEnumerable(), limit.Token).ToListAsync(limit.Token).AsTask());
        error.Code.ShouldBe(ErrorCode.GuestNotSuitable);
        return error.Message;
    }

    private static GuestCommand Shell(string script) => new() { Arguments = ["sh", "-c", script] };
}
