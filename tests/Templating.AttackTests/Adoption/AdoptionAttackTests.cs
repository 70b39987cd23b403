using System.Net.Sockets;
using Templating.AttackTests.Harness;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.AttackTests.Adoption;

/// <summary>
/// What a daemon finds when it starts: QEMUs that guests have broken into. Stopped ones are real; of those that talk nonsense the QEMU
/// is real and its monitor is the test's.
/// </summary>
public sealed class AdoptionAttackTests(ITestOutputHelper output) : AttackTest
{
    private const int Stop = 19;

    /// <summary>A hostile VM is waited for a second, and all at the same time; the rest is the daemon's own start.</summary>
    private static readonly TimeSpan MostDelay = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task HostileVmsKeepNoDaemonFromServingAndNoCloneFromBeingAdopted()
    {
        await using var node = await TestNode.StartAsync();
        var honest = await node.Client.CloneAsync(Limit);
        var hostile = new List<VmClone>();
        for (var i = 0; i < 4; i++)
        {
            hostile.Add(await node.Client.CloneAsync(Limit));
        }

        await node.Daemon.KillAsync(Limit);
        var folders = hostile.Select(clone => FolderOf(node, clone.Id)).ToArray();
        foreach (var pid in folders[..2].SelectMany(VmProcesses.Of))
        {
            Signals.Send(pid, Stop).ShouldBeTrue();
        }

        using var nonsense = new HostileMonitor(Path.Combine(folders[2], "qmp.sock"), "{\"return\": {\"status\": 7, \"running\": \"maybe\"}, \"id\": ID}\n");
        using var silence = new HostileMonitor(Path.Combine(folders[3], "qmp.sock"), "");
        Litter(node.Folder.Clones);
        var began = TimeProvider.System.GetTimestamp();
        await node.RestartAsync();
        var took = TimeProvider.System.GetElapsedTime(began);

        output.WriteLine($"FIGURES adoption: serving after {took.TotalSeconds:0.0} s");
        took.ShouldBeLessThan(MostDelay);
        (await node.Client.ShellAsync(honest, "echo on", Limit)).Output.ShouldBe("on\n");
        var nonsensical = hostile[2];
        await Task.WhenAll(hostile.Select(clone => Eventually.UntilAsync(
            async () => (await node.Client.GetAsync(clone, Limit)).State == (clone.Equals(nonsensical) ? CloneState.Failed : CloneState.NotAnswering),
            $"{clone.Name} is told as what it is", cancellationToken: Limit)));
        (await node.CleanAsync(Limit)).ShouldBeEmpty();
    }

    private static string FolderOf(TestNode node, string id) => Directory.GetDirectories(node.Folder.Clones)
        .Single(folder => File.ReadAllText(Path.Combine(folder, "clone.json")).Contains($"\"{id}\"", StringComparison.Ordinal));

    /// <summary>Folders that no daemon of ours makes.</summary>
    private static void Litter(string clones)
    {
        Directory.CreateDirectory(Path.Combine(clones, "empty"));
        var huge = Directory.CreateDirectory(Path.Combine(clones, "huge")).FullName;
        using (var file = File.Create(Path.Combine(huge, "clone.json")))
        {
            file.SetLength(8L << 30);
        }

        var link = Directory.CreateDirectory(Path.Combine(clones, "link")).FullName;
        File.CreateSymbolicLink(Path.Combine(link, "clone.json"), "/dev/zero");
        var deep = Directory.CreateDirectory(Path.Combine(clones, "deep")).FullName;
        File.WriteAllText(Path.Combine(deep, "clone.json"), new string('[', 100_000));
    }

    /// <summary>A monitor in the place of a QEMU's own: greets, agrees to all, and answers what it is asked with the same line.</summary>
    private sealed class HostileMonitor : IDisposable
    {
        private const string Greeting =
            "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \"package\": \"\"}, \"capabilities\": []}}\n";

        private readonly Socket _listening = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly Task _serving;

        public HostileMonitor(string path, string answer)
        {
            File.Delete(path);
            _listening.Bind(new UnixDomainSocketEndPoint(path));
            _listening.Listen();
            _serving = Task.Run(() => ServeAsync(answer));
        }

        public void Dispose() => _listening.Dispose();

        private async Task ServeAsync(string answer)
        {
            try
            {
                while (true)
                {
                    using var socket = await _listening.AcceptAsync();
                    await using var stream = new NetworkStream(socket);
                    if (answer.Length == 0)
                    {
                        await stream.CopyToAsync(Stream.Null);
                        continue;
                    }

                    await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Greeting));
                    using var reader = new StreamReader(stream);
                    while (await reader.ReadLineAsync() is { } line)
                    {
                        using var asked = System.Text.Json.JsonDocument.Parse(line);
                        var id = asked.RootElement.GetProperty("id").GetRawText();
                        var command = asked.RootElement.GetProperty("execute").GetString();
                        var said = command == "qmp_capabilities" ? "{\"return\": {}, \"id\": ID}\n" : answer;
                        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(said.Replace("ID", id, StringComparison.Ordinal)));
                    }
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
                // The test is over, or the daemon hung up.
            }
        }
    }
}
