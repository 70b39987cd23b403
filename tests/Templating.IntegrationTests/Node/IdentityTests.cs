using System.Text.Json;
using Google.Protobuf;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Clones are as different as machines are.</summary>
public sealed class IdentityTests(SharedNode shared) : SharedNodeTest(shared)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task EachCloneAnswersWithANameAnIdAndRandomNumbersOfItsOwn()
    {
        using var http = new HttpClient();
        var clones = await Task.WhenAll(CloneAsync(), CloneAsync(), CloneAsync());
        var pages = new List<Page>();
        foreach (var clone in clones)
        {
            var page = JsonSerializer.Deserialize<Page>(await clone.HttpGetAsync(http, Limit), JsonSerializerOptions.Web)!;
            page.Id.ShouldBe(clone.Id);
            page.Hostname.ShouldBe(clone.Identity.Hostname);
            page.Machine_id.ShouldBe(clone.Identity.MachineId);
            pages.Add(page);
        }

        pages.Select(p => p.Id).ShouldBeUnique();
        pages.Select(p => p.Hostname).ShouldBeUnique();
        pages.Select(p => p.Machine_id).ShouldBeUnique();
        pages.Select(p => p.Random).ShouldBeUnique();
        clones.Select(c => c.Identity.Generation).ShouldBeUnique();
        clones.ShouldAllBe(c => c.Identity.KernelReseeded);
        // Linux makes it up when it is first asked for, which in the template nobody did.
        pages.Select(p => p.Boot_id).ShouldBeUnique();
    }

    [Fact]
    public async Task AClonesFilesAreItsOwn()
    {
        var file = new GuestFile { Path = "/run/app/deep/conf", Content = ByteString.CopyFrom(new byte[300_000]), Mode = 0x1a0 };
        var began = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var clone = await CloneAsync(r => r.Spec.Files.Add(file));
        var sibling = await CloneAsync();

        (await ShellAsync(clone, "stat -c '%a %s' /run/app/deep/conf; stat -c %a /run/app")).Output.ShouldBe("640 300000\n755\n");
        // All that was written by a clone's own has its time, not that of the frozen moment.
        (await ShellAsync(clone, "stat -c %Y /run/app/deep/conf /run/app/deep /run/templating/env")).Output.Trim().Split('\n')
            .ShouldAllBe(time => long.Parse(time) >= began);
        (await ShellAsync(sibling, "ls /run/app")).ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public async Task ClockOfACloneIsSetToNow()
    {
        var clone = await CloneAsync();

        var seconds = (await ShellAsync(clone, "date +%s")).Output.Trim();

        var now = TimeProvider.System.GetUtcNow();
        DateTimeOffset.FromUnixTimeSeconds(long.Parse(seconds)).ShouldBe(now, ClockTolerance);
        clone.Identity.Clock.ToDateTimeOffset().ShouldBe(now, ClockTolerance);
    }

    [Fact]
    public async Task EnvironmentAndUserDataAreInTheirCloneAlone()
    {
        var told = await CloneAsync(request =>
        {
            request.Spec.Hostname = "told";
            request.Spec.Environment["GREETING"] = "it's \"me\"\n$HOME";
            request.Spec.UserData = ByteString.CopyFrom(0, 1, 255, 10);
        });
        var other = await CloneAsync();
        const string Script = "hostname; printf %s \"$GREETING\" | od -An -tx1; od -An -tx1 /run/templating/user-data";

        var ofTold = await ShellAsync(told, Script);
        var ofOther = await ShellAsync(other, Script);

        var greeting = string.Concat("it's \"me\"\n$HOME"u8.ToArray().Select(b => $" {b:x2}"));
        ofTold.Output.ReplaceLineEndings("").ShouldBe($"told{greeting} 00 01 ff 0a");
        ofOther.Output.ShouldStartWith(other.Id);
        ofOther.Output.ShouldNotContain("69 74");
        ofOther.Output.ShouldNotContain("00 01 ff");
    }

    [Fact]
    public async Task WaitingOnlyForRunningReturnsBeforeTheIdentityAndTheWatchTellsWhenItIsThere()
    {
        using var watch = Client.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        var clone = await CloneAsync(request => request.WaitFor = WaitFor.Running);
        clone.State.ShouldBe(CloneState.Running);

        VmClone? ready = null;
        while (ready is null && await watch.ResponseStream.MoveNext(Limit))
        {
            ready = watch.ResponseStream.Current.Clone_ is { ReadyTime: not null } seen && seen.Name == clone.Name ? seen : null;
        }

        ready!.Identity.Hostname.ShouldBe(clone.Id);
    }

    private sealed record Page(string Id, string Hostname, string Machine_id, string Random, string Boot_id);
}
