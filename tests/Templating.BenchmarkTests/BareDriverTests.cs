using Templating.Testing;

namespace Templating.BenchmarkTests;

/// <summary>What the baseline must be right about for its figures to mean something.</summary>
public sealed class BareDriverTests
{
    [Fact]
    public async Task ACopyOfItsOwnHasTheSameBytesAndTheSameHoles() => (await RunAsync("""
        import os, tempfile
        from bare.copies import own_copies
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(64 << 20)
            for place in (0, 5 << 20, (64 << 20) - 4096):
                file.seek(place)
                file.write(os.urandom(4096))
            file.flush()
            own, copies = own_copies({7: (file.name, os.O_RDONLY)}, 7)
            path, flags = copies[7]
            assert flags == os.O_RDWR
            assert open(path, "rb").read() == open(file.name, "rb").read()
            assert os.fstat(own[0]).st_blocks * 512 < 1 << 20, os.fstat(own[0]).st_blocks
            print("same")
        """)).ShouldBe("same\n");

    [Fact]
    public async Task WithoutSharingTheRamIsWrittenStraightIntoItsOwnFileAndNothingElseChanges() => (await RunAsync("""
        from bare.copies import unshared
        ram = "memory-backend-file,id=ram,mem-path=/proc/self/fd/9,size=1,share=off,readonly=on,rom=off"
        image = "memory-backend-file,id=image0,mem-path=/proc/self/fd/10,size=1,share=on,readonly=on,rom=on"
        print(unshared(["qemu", "-object", ram, "-object", image], 9) == ["qemu", "-object", ram.replace("share=off,readonly=on,rom=off", "share=on,readonly=off"), "-object", image])
        try:
            unshared(["qemu", "-object", image], 9)
        except RuntimeError:
            print("refused")
        """)).ShouldBe("True\nrefused\n");

    [Fact]
    public async Task AGuestThatBootsForLongerThanItsPortKeepsSyncsIsAskedAgain() => (await RunAsync("""
        from bare import guests
        class Guest:
            def __init__(self):
                self.tries = 0
            def settimeout(self, seconds):
                pass
            def sendall(self, line):
                self.tries += 1
                if self.tries < 3:
                    raise TimeoutError("timed out")
                self.line = line
            def recv(self, size):
                verb = self.line.split()
                return b"identified now\n" if verb[0] == b"identify" else b"synced " + verb[2] + b" 1\n"
        guest = Guest()
        guests.connect = lambda path: guest
        guests.identify("port", "name", "booted")
        print(guest.tries)
        """)).ShouldBe("4\n");

    /// <summary>With the driver's modules, and nothing left in their folder.</summary>
    private static Task<string> RunAsync(string program) =>
        Tool.RunAsync("python3", "-B", "-c", $"import sys\nsys.path.insert(0, '{Path.Combine(Repository.Root, "bench")}')\n{program}");
}
