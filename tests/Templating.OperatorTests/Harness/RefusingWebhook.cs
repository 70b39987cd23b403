using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Templating.Testing;

namespace Templating.OperatorTests.Harness;

/// <summary>
/// A ValidatingWebhookConfiguration for a test's namespace, and the policy engine behind it, which refuses all it is asked; or
/// nobody behind it, and then the API server refuses by itself.
/// </summary>
internal sealed class RefusingWebhook : IAsyncDisposable
{
    private readonly TestSpace _space;
    private readonly WebApplication? _app;

    private RefusingWebhook(TestSpace space, WebApplication? app) => (_space, _app) = (space, app);

    /// <summary>What each question waits for; the API server gives up after five seconds.</summary>
    public Func<Task> BeforeAnswer { get; set; } = () => Task.CompletedTask;

    /// <summary>Returns when the API server asks it.</summary>
    /// <param name="words">What it refuses with; null for nobody there.</param>
    /// <param name="rules">Such as UPDATE pods; of a group other than the core's: DELETE vmclones.templating.dev.</param>
    public static async Task<RefusingWebhook> StartAsync(TestSpace space, string? words, params string[] rules)
    {
        RefusingWebhook? webhook = null;
        var app = words is null ? null : await ServeAsync(space, words, () => webhook?.BeforeAnswer() ?? Task.CompletedTask);
        webhook = new RefusingWebhook(space, app);
        // Nothing listens at port 1 of loopback.
        var url = app is null ? "https://127.0.0.1:1/" : app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await space.Client.CoreV1.PatchNamespaceAsync(Patch(new { metadata = new { labels = new Dictionary<string, string> { ["test"] = space.Name } } }), space.Name);
        await space.Client.AdmissionregistrationV1.CreateValidatingWebhookConfigurationAsync(new V1ValidatingWebhookConfiguration
        {
            Metadata = new V1ObjectMeta { Name = space.Name },
            Webhooks =
            [
                new V1ValidatingWebhook
                {
                    Name = "deny.example.org",
                    AdmissionReviewVersions = ["v1"],
                    SideEffects = "None",
                    FailurePolicy = "Fail",
                    TimeoutSeconds = 5,
                    ClientConfig = new Admissionregistrationv1WebhookClientConfig { Url = url, CaBundle = Encoding.UTF8.GetBytes(space.Authority.CertificatePem) },
                    NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["test"] = space.Name } },
                    // What is in no namespace is told apart by a label of its own.
                    ObjectSelector = rules.All(r => r.EndsWith(" nodes", StringComparison.Ordinal))
                        ? new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["test"] = space.Name } }
                        : null,
                    Rules = [.. rules.Append("CREATE configmaps").Select(Rule)],
                },
            ],
        });
        await webhook.UntilAsync(asks: true);
        return webhook;
    }

    /// <summary>Returns when the API server asks it no more.</summary>
    public async Task StopAsync()
    {
        await _space.Client.AdmissionregistrationV1.DeleteValidatingWebhookConfigurationAsync(_space.Name);
        await UntilAsync(asks: false);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _space.Client.AdmissionregistrationV1.DeleteValidatingWebhookConfigurationAsync(_space.Name);
        }
        catch (HttpOperationException gone) when (gone.Response.StatusCode == HttpStatusCode.NotFound)
        {
            // The test stopped it.
        }

        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    /// <summary>The API server hears of it by a watch. All rules come at once, so the one that harms nobody tells of all.</summary>
    private Task UntilAsync(bool asks) => Eventually.UntilAsync(
        async () =>
        {
            try
            {
                await _space.Client.CoreV1.CreateNamespacedConfigMapAsync(
                    new V1ConfigMap
                    {
                        Metadata = new V1ObjectMeta { GenerateName = "probe-", Labels = new Dictionary<string, string> { ["test"] = _space.Name } },
                    },
                    _space.Name, dryRun: "All");
                return !asks;
            }
            catch (HttpOperationException refusal) when (refusal.Response.Content.Contains("deny.example.org", StringComparison.Ordinal))
            {
                return asks;
            }
        },
        asks ? "the webhook is asked" : "the webhook is asked no more");

    private static V1RuleWithOperations Rule(string rule)
    {
        var (operation, resource) = (rule.Split(' ')[0], rule.Split(' ')[1]);
        var parts = resource.Split('.', 2);
        var slash = parts.Length == 1 ? -1 : parts[1].IndexOf('/', StringComparison.Ordinal);
        return new V1RuleWithOperations
        {
            ApiGroups = [parts.Length == 1 ? "" : slash < 0 ? parts[1] : parts[1][..slash]],
            ApiVersions = ["*"],
            Operations = [operation],
            Resources = [slash < 0 ? parts[0] : parts[0] + parts[1][slash..]],
        };
    }

    private static V1Patch Patch(object patch) => new(KubernetesJson.Serialize(patch), V1Patch.PatchType.MergePatch);

    private static async Task<WebApplication> ServeAsync(TestSpace space, string words, Func<Task> beforeAnswer)
    {
        var (certificate, key) = space.Authority.Issue("webhook");
        using var pem = X509Certificate2.CreateFromPemFile(certificate, key);
        var tls = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "webhook" });
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(tls)));
        var app = builder.Build();
        app.Run(async context =>
        {
            var review = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
            var answer = new JsonObject
            {
                ["apiVersion"] = "admission.k8s.io/v1",
                ["kind"] = "AdmissionReview",
                ["response"] = new JsonObject
                {
                    ["uid"] = review["request"]!["uid"]!.GetValue<string>(),
                    ["allowed"] = false,
                    ["status"] = new JsonObject { ["code"] = 403, ["message"] = words },
                },
            };
            await beforeAnswer();
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
        });
        await app.StartAsync();
        return app;
    }
}
