using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;

namespace Templating.UnitTests.Cli.Base;

public sealed class TlsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("t-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _from = TimeProvider.System.GetUtcNow().AddMinutes(-5);
    private readonly DateTimeOffset _until = TimeProvider.System.GetUtcNow().AddHours(1);

    public TlsTests()
    {
        var request = new CertificateRequest("CN=test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(_from, _until);
        File.WriteAllText(At("ca.pem"), _authority.ExportCertificatePem());
        using var client = Issue("client");
        File.WriteAllText(At("client.pem"), client.ExportCertificatePem());
        File.WriteAllText(At("client.key"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task ACallWithTheRightCertificatesGetsThrough()
    {
        await using var app = await ServeAsync();
        var run = await CliRun.OfAsync(
            "node", "info", "--address", Address(app), "--tls-ca", At("ca.pem"), "--tls-cert", At("client.pem"), "--tls-key", At("client.key"));
        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        run.Out.ShouldContain("1.2.3");
    }

    [Fact]
    public async Task ADaemonWhoseAuthorityIsUnknownIsNotTrusted()
    {
        await using var app = await ServeAsync();
        var run = await CliRun.OfAsync("node", "info", "--address", Address(app));
        run.Code.ShouldBe(ExitCode.Refused);
        run.Error.ShouldContain("No trusted connection");
        run.Error.ShouldContain("hint: Name the authority of the daemon's certificate with --tls-ca");
    }

    [Fact]
    public async Task WithoutOurOwnCertificateTheDaemonLetsNobodyIn()
    {
        await using var app = await ServeAsync();
        var run = await CliRun.OfAsync("node", "info", "--address", Address(app), "--tls-ca", At("ca.pem"));
        run.Code.ShouldNotBe(ExitCode.Ok);
        run.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task ACertificateFileThatIsMissingIsNamed()
    {
        var run = await CliRun.OfAsync("node", "info", "--address", "https://127.0.0.1:1", "--tls-ca", "/nonexistent/ca.pem");
        run.Code.ShouldBe(ExitCode.Failure);
        run.Error.ShouldContain("/nonexistent/ca.pem");
    }

    private static string Address(WebApplication app) => app.Urls.Single();

    private string At(string file) => Path.Combine(_folder.FullName, file);

    private async Task<WebApplication> ServeAsync()
    {
        var server = Issue("server");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(new FakeNodeService());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = server;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => certificate.Issuer == _authority.Subject;
            });
        }));
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<FakeNodeService>();
        await app.StartAsync();
        return app;
    }

    private X509Certificate2 Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_authority, _from.AddSeconds(1), _until.AddSeconds(-1), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }
}
