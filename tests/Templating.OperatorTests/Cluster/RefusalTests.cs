using System.Net;
using k8s.Autorest;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers;

namespace Templating.OperatorTests.Cluster;

public sealed class RefusalTests
{
    private const string Down = """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"failed calling webhook \"x\"","reason":"InternalError","code":500}""";

    /// <summary>Who has said no is not one that does not answer.</summary>
    [Theory]
    [InlineData(HttpStatusCode.Forbidden, """{"kind":"Status","message":"policy"}""", "ApiRefused", "policy", true)]
    [InlineData(HttpStatusCode.UnprocessableEntity, """{"kind":"Status","message":"spec.x"}""", "ApiRefused", "spec.x", true)]
    [InlineData(HttpStatusCode.InternalServerError, Down, "ApiRefused", "failed calling webhook", true)]
    [InlineData(HttpStatusCode.TooManyRequests, """{"kind":"Status","message":"too many requests"}""", "ApiRefused", "too many requests", false)]
    [InlineData(HttpStatusCode.ServiceUnavailable, """{"kind":"Status","message":"shutting down"}""", "ApiRefused", "shutting down", false)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge, """{"kind":"Status","message":"too large"}""", "ApiRefused", "too large", false)]
    [InlineData(HttpStatusCode.BadGateway, "<html>no upstream</html>", "ApiUnavailable", "no upstream", false)]
    [InlineData(HttpStatusCode.InternalServerError, """{"error":"a proxy's"}""", "ApiUnavailable", "a proxy's", false)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "", "ApiUnavailable", "(503)", false)]
    public void AnAnswerIsToldFromNone(HttpStatusCode code, string content, string reason, string words, bool anotherMayPass)
    {
        var error = Error(code, content, "https://server/api/v1/namespaces/team/pods/web-1?fieldManager=x");

        var refusal = Refusal.Of(error).ShouldNotBeNull();

        refusal.Reason.ShouldBe(reason);
        refusal.Message.ShouldContain(words);
        refusal.Message.ShouldContain($"PATCH of pods 'web-1' ({(int)code})");
        ClusterErrors.IsAboutThisCall(error).ShouldBe(anotherMayPass);
    }

    [Fact]
    public void WithoutAnAnswerItSaysSo()
    {
        Refusal.Of(new HttpRequestException("connection refused"))!.Message.ShouldBe("The API server does not answer: connection refused");
        Refusal.Of(new TimeoutException("late"))!.Reason.ShouldBe("ApiUnavailable");
        Refusal.Of(new InvalidOperationException("ours")).ShouldBeNull();
        Refusal.Of(new OperationCanceledException()).ShouldBeNull();
    }

    [Theory]
    [InlineData("https://server/api/v1/nodes/node-1", "nodes 'node-1'")]
    [InlineData("https://server/api/v1/namespaces/team/pods", "pods")]
    [InlineData("https://server/apis/templating.dev/v1alpha1/namespaces/team/vmclones/one/status?force=true", "vmclones/status 'one'")]
    public void TheCallIsNamed(string uri, string what) =>
        Refusal.Of(Error(HttpStatusCode.Forbidden, """{"kind":"Status","message":"no"}""", uri))!.Message.ShouldBe($"The API server refused PATCH of {what} (403): no");

    /// <summary>A webhook's words may be of any length; no bound cuts a character in two.</summary>
    [Fact]
    public void WordsAreBounded()
    {
        for (var before = 780; before < 810; before++)
        {
            var text = new string('x', before) + string.Concat(Enumerable.Repeat("😀", 5000));
            var content = new System.Text.Json.Nodes.JsonObject { ["kind"] = "Status", ["message"] = text }.ToJsonString();
            var message = ClusterErrors.MessageOf(content);
            message.Length.ShouldBeInRange(780, 800);
            message.ShouldEndWith("...");
            char.IsHighSurrogate(message[^4]).ShouldBeFalse();
        }
    }

    [Fact]
    public void NamesAndNumbersMakeNoNews()
    {
        Refusal.ClassOf("R", "pods \"a-1\" is forbidden: used: pods=1").ShouldBe(Refusal.ClassOf("R", "pods \"b-22\" is forbidden: used: pods=20"));
        Refusal.ClassOf("R", "pods \"a\" is forbidden: used").ShouldNotBe(Refusal.ClassOf("R", "pods \"a\" is invalid: used"));
        Refusal.ClassOf("R", "x").ShouldNotBe(Refusal.ClassOf("S", "x"));
    }

    private static HttpOperationException Error(HttpStatusCode code, string content, string uri) => new("failed")
    {
        Request = new HttpRequestMessageWrapper(new HttpRequestMessage(HttpMethod.Patch, uri), ""),
        Response = new HttpResponseMessageWrapper(new HttpResponseMessage(code), content),
    };
}
