using System.Collections.Concurrent;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Templating.Kubectl.Load.Api;

namespace Templating.KubectlTests.Load;

/// <summary>Answers as an API server would on a bad day, over real connections.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    public const string NoItems = """{"metadata":{"resourceVersion":"7"},"items":[]}""";

    public const string OneItem = """{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"load-x-0","namespace":"team-a"}}]}""";

    private readonly WebApplication _application;

    private FakeServer(WebApplication application) => _application = application;

    /// <summary>"VERB PATH" of each request, a watch's verb WATCH.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public Uri Address => new(_application.Urls.First());

    /// <param name="answer">To "VERB PATH".</param>
    public static async Task<FakeServer> StartAsync(Func<string, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var server = new FakeServer(builder.Build());
        server._application.Run(context =>
        {
            var verb = context.Request.Query.ContainsKey("watch") ? "WATCH" : context.Request.Method;
            var request = $"{verb} {context.Request.Path}";
            server.Requests.Enqueue(request);
            return answer(request, context);
        });
        await server._application.StartAsync();
        return server;
    }

    public LoadApi Api(TimeProvider time) => new(new KubernetesClientConfiguration { Host = Address.ToString() }, time);

    /// <summary>As an API server refuses.</summary>
    public static Task RefuseAsync(HttpContext context, int code, string reason, string message)
    {
        context.Response.StatusCode = code;
        return context.Response.WriteAsync($$"""{"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"{{message}}"}""");
    }

    /// <summary>A watch that is open, with events or none, until its client goes.</summary>
    public static async Task WatchAsync(HttpContext context, params string[] events)
    {
        foreach (var one in events)
        {
            await context.Response.WriteAsync(one + "\n");
        }

        await context.Response.Body.FlushAsync();
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (context.RequestAborted.Register(() => gone.TrySetResult()))
        {
            await gone.Task;
        }
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
