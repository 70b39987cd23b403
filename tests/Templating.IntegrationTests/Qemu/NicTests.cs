using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

public sealed class NicTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private const string Mac = "02:00:00:00:00:07";

    /// <summary>Waits for the card of that address, and calls it $card.</summary>
    private const string Find = $"""
        for try in $(seq 200); do
            card=$(grep -lx {Mac} /sys/class/net/*/address 2>/dev/null | cut -d/ -f5)
            [ -n "$card" ] && break; sleep 0.05
        done

        """;

    private FrozenTemplate Template => fixture.Template;

    [Fact]
    public async Task GuestAnswersInThePodsNetworkAndTheTapEndsWithTheVm()
    {
        using var pod = await PodNetwork.MakeAsync();
        var vm = await Template.CloneAsync();

        var device = await PlugAsync(vm, new PlugNic(pod.Path, "tap0", new NicSpec(Mac, 1400)));

        device.ShouldBe(new PluggedDevice { Id = "plug0", Kind = PluggedKind.Nic, Bridge = "0000:00:08.0", Mac = Mac });
        await pod.RunAsync("ip address add 10.9.0.1/24 dev tap0");
        var up = await vm.Guest.RunAsync(Find + """
            ip address add 10.9.0.2/24 dev $card && ip link set $card up && cat /sys/class/net/$card/mtu
            echo from the guest >/run/page; mkdir -p /run/here && cp /run/page /run/here/index.html && httpd -p 10.9.0.2:8080 -h /run/here
            ping -c 1 -W 10 10.9.0.1 | grep -o '1 packets received'
            """);
        up.Output.ShouldBe("1400\n1 packets received\n", up.Error);
        var page = await pod.RunAsync("""
            exec 3<>/dev/tcp/10.9.0.2/8080; printf 'GET / HTTP/1.0\r\n\r\n' >&3; timeout 20 cat <&3 | tail -n 1
            """);
        page.ShouldEndWith("from the guest\n");
        (await pod.RunAsync("ip -o link show tap0")).ShouldContain("mtu 1400");
        File.ReadLines($"/proc/{vm.Process.Pid}/mountinfo").Count().ShouldBe(1, "its jail is as empty as before");
        await vm.KillAsync();
        await Eventually.UntilAsync(async () => await pod.RunAsync("ip -o link | wc -l") == "1\n", "QEMU lets go of the tap, and lo alone is left");
    }

    [Fact]
    public async Task CardIsUnpluggedAndItsTapIsGone()
    {
        using var pod = await PodNetwork.MakeAsync();
        var vm = await Template.CloneAsync();
        var device = await PlugAsync(vm, new PlugNic(pod.Path, Tap: null, new NicSpec(Mac, Mtu: null)));
        (await vm.Guest.RunAsync(Find + "echo $card")).Output.ShouldBe("eth0\n");
        (await pod.RunAsync("ip -o link | wc -l")).ShouldBe("2\n");

        await vm.Devices.UnplugAsync(device.Id, CancellationToken.None);

        (await vm.Guest.RunAsync("ls /sys/class/net | grep -c eth")).Output.ShouldBe("0\n");
        await Eventually.UntilAsync(async () => await pod.RunAsync("ip -o link | wc -l") == "1\n", "QEMU lets go of the tap, and lo alone is left");
        (await PlugAsync(vm, new PlugNic(pod.Path, Tap: null, new NicSpec(Mac, Mtu: null)))).Id.ShouldBe("plug0");
    }

    [Fact]
    public async Task TapThatIsThereIsTakenAndStaysAndHasOneEndAlone()
    {
        using var pod = await PodNetwork.MakeAsync();
        await pod.RunAsync("ip tuntap add pod0 mode tap; ip link add other type veth peer name end");
        var vm = await Template.CloneAsync();
        var request = new PlugNic(pod.Path, "pod0", new NicSpec(Mac, Mtu: null));
        await PlugAsync(vm, request);

        Should.Throw<TemplatingException>(() => PodTap.Open(request)).Message.ShouldContain("another end already");
        Should.Throw<TemplatingException>(() => PodTap.Open(request with { Tap = "other" })).Message.ShouldContain("no tap");

        await vm.KillAsync();
        (await pod.RunAsync("ip -o link show pod0")).ShouldContain("pod0");
    }

    [Fact]
    public async Task CardThatQemuRefusesLeavesNothingBehind()
    {
        using var pod = await PodNetwork.MakeAsync();
        var vm = await Template.CloneAsync();

        var error = await Should.ThrowAsync<TemplatingException>(PlugAsync(vm, new PlugNic(pod.Path, "tap0", new NicSpec("no address", Mtu: null))));

        error.Code.ShouldBe(ErrorCode.QmpFailed);
        await Eventually.UntilAsync(async () => await pod.RunAsync("ip -o link | wc -l") == "1\n", "QEMU lets go of the tap, and lo alone is left");
        (await PlugAsync(vm, new PlugNic(pod.Path, "tap0", new NicSpec(Mac, Mtu: null)))).Id.ShouldBe("plug0");
    }

    [Fact]
    public async Task VmWithoutAFreePortIsRefusedAnotherDevice()
    {
        using var pod = await PodNetwork.MakeAsync();
        var vm = await Template.CloneAsync();
        for (var port = 0; port < 16; port++)
        {
            (await PlugAsync(vm, new PlugNic(pod.Path, Tap: null, new NicSpec($"02:00:00:00:01:{port:x2}", Mtu: null)))).Id.ShouldBe($"plug{port}");
        }

        var error = await Should.ThrowAsync<TemplatingException>(PlugAsync(vm, new PlugNic(pod.Path, Tap: null, new NicSpec(Mac, Mtu: null))));

        error.Code.ShouldBe(ErrorCode.IllegalState);
        error.Message.ShouldContain("All 16 ports");
        (await pod.RunAsync("ip -o link | wc -l")).ShouldBe("17\n");
        await vm.Devices.UnplugAsync("plug7", CancellationToken.None);
        (await PlugAsync(vm, new PlugNic(pod.Path, Tap: null, new NicSpec(Mac, Mtu: null)))).Id.ShouldBe("plug7");
    }

    [Fact]
    public async Task WhatIsNoPodsNetworkIsRefusedUnopened()
    {
        using var own = await PodNetwork.OfTheHostAsync();
        using var pod = await PodNetwork.MakeAsync();
        using var names = await PodNetwork.MakeAsync("--uts");
        var (link, pipe) = (pod.Path + "-link", pod.Path + "-pipe");
        File.CreateSymbolicLink(link, pod.Path);
        await pod.RunAsync($"mkfifo {pipe}");

        Refusal(own.Path).ShouldContain("the host's own");
        Refusal(names.Path).ShouldContain("another kind");
        Refusal(link).ShouldContain("not a namespace's file");
        Refusal("/proc/self/ns/net").ShouldContain("not a namespace's file");
        Refusal(pipe).ShouldContain("not a namespace's file");
        Refusal(pod.Path + "-none").ShouldContain("No such file");

        static string Refusal(string path)
        {
            var error = Should.Throw<TemplatingException>(() => PodTap.Open(new PlugNic(path, Tap: null, new NicSpec(Mac, Mtu: null))));
            error.Code.ShouldBe(ErrorCode.InvalidArgument);
            return error.Message;
        }
    }

    private static async Task<PluggedDevice> PlugAsync(IVm vm, PlugNic request)
    {
        using var tap = PodTap.Open(request);
        return await vm.Devices.PlugNicAsync(tap.File, request.Card, CancellationToken.None);
    }
}
