using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.ShimTests.Commands;

/// <summary>The program itself, called as containerd calls it, for a pod that is no other's.</summary>
internal sealed class ShimProgram : IDisposable
{
    private readonly TempFolder _folder = new();

    public string Id { get; } = "t" + Guid.NewGuid().ToString("N");

    public string Address => _folder["containerd.sock"];

    public static string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "containerd-shim-templating-v2");

    /// <summary>A bundle of the pod or, with a sandbox, of one of its containers.</summary>
    public string MakeBundle(string name, string? sandbox = null)
    {
        Directory.CreateDirectory(_folder[name]);
        Directory.CreateDirectory(_folder[name + "/rootfs"]);
        _folder.Write(name + "/config.json", sandbox is null ? "{}" : "{\"annotations\": {\"io.kubernetes.cri.sandbox-id\": \"" + sandbox + "\"}}");
        return _folder[name];
    }

    public async Task<(int Code, byte[] Output, string Error)> RunAsync(string bundle, string id, string action)
    {
        // The working folder is the bundle, and only a shell changes it.
        using var program = new ChildProcess(
            "/bin/sh", ["-c", "cd \"$1\"; shift; exec \"$@\"", "sh", bundle, Path, "-namespace", "test", "-address", Address, "-id", id, action],
            null, redirect: true);
        program.Input.Close();
        using var output = new MemoryStream();
        await program.Output.BaseStream.CopyToAsync(output);
        var error = await program.Error.ReadToEndAsync();
        return (await program.WaitExitAsync(CancellationToken.None), output.ToArray(), error);
    }

    public void Dispose() => _folder.Dispose();
}
