using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Client;
using Templating.V1;

namespace Templating.Testing.Nodes;

public sealed record ExecResult(string Output, string Error, int ExitCode);

/// <summary>The calls most tests make, as one line each.</summary>
public static class NodeCalls
{
    public static async Task<Template> BuildAsync(
        this TemplatingClient client, string name, TemplateSpec spec, CancellationToken cancellationToken,
        string tenant = PreparedStore.Tenant, Func<CreateTemplateResponse, Task>? told = null)
    {
        using var call = client.Templates.CreateTemplate(
            new CreateTemplateRequest { Tenant = tenant, Template = name, Spec = spec }, cancellationToken: cancellationToken);
        Template? template = null;
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            template = call.ResponseStream.Current.Template ?? template;
            await (told?.Invoke(call.ResponseStream.Current) ?? Task.CompletedTask);
        }

        return template ?? throw new InvalidOperationException("The build ended without a template.");
    }

    public static async Task<VmClone> CloneAsync(
        this TemplatingClient client, CancellationToken cancellationToken, Action<CreateCloneRequest>? change = null)
    {
        var request = new CreateCloneRequest { Spec = Spec() };
        change?.Invoke(request);
        return await client.Clones.CreateCloneAsync(request, cancellationToken: cancellationToken);
    }

    /// <summary>Patient: a noisy machine may need seconds for what takes a quiet one 200 ms.</summary>
    public static CloneSpec Spec() => new()
    {
        Template = PreparedStore.Template,
        IdentityTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(4)),
    };

    public static async Task<VmClone> GetAsync(
        this TemplatingClient client, VmClone clone, CancellationToken cancellationToken, CloneView view = CloneView.Basic) =>
        await client.Clones.GetCloneAsync(new GetCloneRequest { Name = clone.Name, View = view }, cancellationToken: cancellationToken);

    /// <summary>Runs a shell script in the guest.</summary>
    public static Task<ExecResult> ShellAsync(
        this TemplatingClient client, VmClone clone, string script, CancellationToken cancellationToken, string? input = null) =>
        client.ExecAsync(new ExecStart { Name = clone.Name, Arguments = { "sh", "-c", script } }, cancellationToken, input);

    public static async Task<ExecResult> ExecAsync(
        this TemplatingClient client, ExecStart start, CancellationToken cancellationToken, string? input = null)
    {
        var (output, error) = (new StringBuilder(), new StringBuilder());
        using var call = client.Clones.ExecClone(cancellationToken: cancellationToken);
        start.WithInput = input is not null;
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = start }, cancellationToken);
        var writing = WriteAsync();
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var response = call.ResponseStream.Current;
            output.Append(response.StandardOutput?.ToStringUtf8());
            error.Append(response.StandardError?.ToStringUtf8());
            if (response.Exit is { } exit)
            {
                await writing;
                return new ExecResult(output.ToString(), error.ToString(), exit.Code);
            }
        }

        throw new InvalidOperationException("The call ended without an exit code.");

        async Task WriteAsync()
        {
            foreach (var chunk in Encoding.UTF8.GetBytes(input ?? "").Chunk(32 << 10))
            {
                await call.RequestStream.WriteAsync(new ExecCloneRequest { StandardInput = ByteString.CopyFrom(chunk) }, cancellationToken);
            }

            await call.RequestStream.CompleteAsync();
        }
    }

    public static async Task<VerifyResult> VerifyAsync(this TemplatingClient client, CancellationToken cancellationToken)
    {
        using var call = client.Templates.VerifyTemplate(
            new VerifyTemplateRequest { Name = PreparedStore.Template }, cancellationToken: cancellationToken);
        VerifyResult? result = null;
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            result = call.ResponseStream.Current.Result ?? result;
        }

        return result ?? throw new InvalidOperationException("The call ended without a result.");
    }

    public static async Task<Template> GetTemplateAsync(this TemplatingClient client, CancellationToken cancellationToken) =>
        await client.Templates.GetTemplateAsync(new GetTemplateRequest { Name = PreparedStore.Template }, cancellationToken: cancellationToken);

    /// <summary>The guest's page, by the port that was forwarded to it.</summary>
    public static async Task<string> HttpGetAsync(this VmClone clone, HttpClient http, CancellationToken cancellationToken) =>
        await http.GetStringAsync(new Uri($"http://127.0.0.1:{clone.Network.Forwards[0].HostPort}/"), cancellationToken);
}
