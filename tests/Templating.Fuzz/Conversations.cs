using System.Net.Sockets;
using System.Text.Json;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.GuestAgent;
using Templating.Qemu.Qmp;
using Templating.Testing.Qemu;

namespace Templating.Fuzz;

/// <summary>A guest, its agent or its QEMU that says the bytes and hangs up, on a real socket.</summary>
internal static class Conversations
{
    private static readonly byte[] Synced = "synced 00 1\n"u8.ToArray();

    public static async Task GuestAsync(byte[] bytes)
    {
        var (ours, theirs) = SocketPair.Create();
        using (theirs)
        {
            var reader = new GuestReader(ours, (_, _) => Task.CompletedTask);
            reader.ExpectSync("00");
            var exec = new GuestExec(1);
            var abandoned = new GuestExec(2) { Abandoned = true };
            reader.Expect(exec);
            reader.Expect(abandoned);
            var identity = reader.ExpectIdentity(files: true);
            await SayAsync(theirs, [.. Synced, .. bytes]);
            await EndedAsync(reader.Ended);
            await EndedAsync(DrainAsync(exec));
            await EndedAsync(DrainAsync(abandoned));
            await EndedAsync(identity);
            if (identity.IsCompletedSuccessfully)
            {
                Identities.Confirm(Identity, Identities.Read(await identity, Identity));
            }
        }
    }

    /// <summary>Each line is an answer.</summary>
    public static void Qga(byte[] bytes)
    {
        foreach (var range in bytes.AsSpan().Split((byte)'\n'))
        {
            Look(QmpMessage.Parse(bytes[range], ErrorCode.GuestAgentFailed, "It"));
        }
    }

    public static async Task QmpAsync(byte[] bytes)
    {
        var (ours, theirs) = SocketPair.Create();
        using (theirs)
        {
            await using var client = new QmpClient(ours, TimeProvider.System, e => Look(e.Data));
            var answer = client.ExecuteAsync("query-status", null, TimeSpan.FromSeconds(20), CancellationToken.None);
            await SayAsync(theirs, bytes);
            await EndedAsync(client.Closed);
            await EndedAsync(answer);
            if (answer.IsCompletedSuccessfully)
            {
                Look(await answer);
            }
        }
    }

    private static readonly GuestIdentity Identity = FrozenTemplate.NewIdentity("me");

    private static async Task SayAsync(Socket socket, byte[] bytes)
    {
        try
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await socket.SendAsync(bytes.AsMemory(sent));
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It hung up before us.
        }
    }

    private static async Task DrainAsync(GuestExec exec)
    {
        await foreach (var output in exec.Output.ReadAllAsync(CancellationToken.None))
        {
            _ = output;
        }
    }

    /// <summary>Whoever waits gets an end, and where it is a failure one of ours.</summary>
    private static async Task EndedAsync(Task task)
    {
        try
        {
            await task.WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (TemplatingException)
        {
            // Told as it should be.
        }
    }

    private static void Look(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name.Length + (element.Text(property.Name)?.Length ?? 0) + (element.Number(property.Name) ?? 0);
                    Look(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Look(item);
                }

                break;
        }
    }
}
