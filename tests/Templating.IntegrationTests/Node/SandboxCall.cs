using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>One call that holds a sandbox. Disposing it breaks it off.</summary>
internal sealed class SandboxCall : IDisposable
{
    private readonly AsyncDuplexStreamingCall<HoldRequest, HoldResponse> _call;
    private readonly CancellationToken _limit;

    private SandboxCall(AsyncDuplexStreamingCall<HoldRequest, HoldResponse> call, CancellationToken limit) => (_call, _limit) = (call, limit);

    public Sandbox Sandbox { get; private set; } = null!;

    public VmClone Clone => Sandbox.Clone_;

    public static async Task<SandboxCall> AcquireAsync(
        TemplatingClient client, string id, int owner, CancellationToken limit, Action<AcquireSandbox>? change = null)
    {
        var acquire = new AcquireSandbox { SandboxId = id, Spec = NodeCalls.Spec(), Owner = new V1.SandboxOwner { Pid = owner } };
        acquire.Spec.Template = SandboxNode.Template;
        change?.Invoke(acquire);
        var call = new SandboxCall(client.Sandboxes.Hold(cancellationToken: limit), limit);
        try
        {
            await call._call.RequestStream.WriteAsync(new HoldRequest { Acquire = acquire }, limit);
            (call.Sandbox = (await call.NextAsync()).Held).ShouldNotBeNull();
            return call;
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    public async Task DetachAsync()
    {
        await _call.RequestStream.WriteAsync(new HoldRequest { Detach = new DetachSandbox() }, _limit);
        (await NextAsync()).Detached.ShouldNotBeNull();
    }

    public async Task<string> EndedAsync() => (await NextAsync()).Ended.Reason;

    public void Dispose() => _call.Dispose();

    private async Task<HoldResponse> NextAsync()
    {
        (await _call.ResponseStream.MoveNext(_limit)).ShouldBeTrue("the call has more to say");
        return _call.ResponseStream.Current;
    }
}
