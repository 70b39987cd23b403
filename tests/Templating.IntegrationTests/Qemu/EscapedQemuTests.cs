namespace Templating.IntegrationTests.Qemu;

/// <summary>What a guest that has escaped into its QEMU can do on the host, by what <see cref="EscapedQemu"/> saw.</summary>
public sealed class EscapedQemuTests(EscapedColdQemu escaped) : EscapedQemuTests<EscapedColdQemu>(escaped);

/// <inheritdoc cref="EscapedQemuTests"/>
public abstract class EscapedQemuTests<T>(T escaped) : IClassFixture<T>
    where T : EscapedQemu
{
    [Fact]
    public void ItSeesNoFileOfTheHostAndMakesNone()
    {
        Refused("read-/etc/passwd", "read-/proc/1", "read-victim", "read-victim-by-daemon", "open-kvm",
            "write-/", "write-/tmp", "write-/dev/shm", "write-/dev", "remount-root", "mount-proc", "chroot", "open-by-handle");
        escaped.Seen.Where(s => s.Key.StartsWith("entries-in-", StringComparison.Ordinal) && s.Value != "0" && s.Key is not ("entries-in-etc" or "entries-in-dev"))
            .ShouldBeEmpty("nothing is mounted in its root any more");
    }

    [Fact]
    public void ItMakesNoSocketAndNoConnection() =>
        Refused("socket-inet", "socket-inet6", "socket-udp", "socket-unix", "socket-netlink", "socket-packet", "socket-vsock", "io_uring", "bpf");

    [Fact]
    public void ItHasThePortsItWasToForwardAndNoWayToConnectByThem()
    {
        Worked("forward-asked-for", "forward-bind", "forward-listen");
        Refused("forward-beyond", "forward-disconnect", "forward-connect", "forward-fast-open", "forward-fast-open-message", "forward-fast-open-messages");
        escaped.HostService.Pending().ShouldBeFalse("nobody got through to a service of the host's loopback");
    }

    [Fact]
    public void ItReachesNoOtherProcessAndGetsNoOtherRights() =>
        Refused("kill-daemon", "kill-init", "ptrace-daemon", "read-daemon", "steal-descriptor", "unshare-user", "clone-user", "setns", "shm",
            "keyring", "setuid-root", "setgid-root", "clear-no-new-privs");

    [Fact]
    public void ItHasItsOwnDescriptorsAloneAndCannotChangeAFileThroughThem()
    {
        var files = escaped.Seen.Where(s => s.Key.StartsWith("fd-", StringComparison.Ordinal) && s.Value.StartsWith("file", StringComparison.Ordinal)).ToList();

        // Standard output and error go to the VM's own log; the rest are memory, image and state, read-only.
        files.Where(f => f.Value != "file-r").Select(f => f.Key).ShouldBe(["fd-1", "fd-2"], ignoreOrder: true);
        files.Count(f => f.Value == "file-r").ShouldBe(3);
        Refused([.. escaped.Seen.Keys.Where(k => k.StartsWith("write-fd-", StringComparison.Ordinal) || k.StartsWith("map-fd-", StringComparison.Ordinal)
            || k.StartsWith("chmod-fd-", StringComparison.Ordinal) || k.StartsWith("empty-fd-", StringComparison.Ordinal))]);
        escaped.Seen.Count(s => s.Key.StartsWith("map-fd-", StringComparison.Ordinal)).ShouldBe(3);
        escaped.Seen.Where(s => s.Key.StartsWith("fd-", StringComparison.Ordinal) && s.Value is "folder-r" or "folder-rw" or "other-rw").Select(s => s.Key).ShouldBeEmpty();
    }

    private void Worked(params string[] names) => Check(names, outcome => outcome == "ok", "ok");

    private void Refused(params string[] names) => Check(names, outcome => outcome != "ok", "an error");

    private void Check(string[] names, Func<string, bool> holds, string expected)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        names.Select(name => (Name: name, Outcome: escaped.Seen.GetValueOrDefault(name)))
            .Where(seen => seen.Outcome is null || !holds(seen.Outcome))
            .Select(seen => $"{seen.Name}: {seen.Outcome ?? "not tried"}, expected {expected}").ShouldBeEmpty();
    }
}
