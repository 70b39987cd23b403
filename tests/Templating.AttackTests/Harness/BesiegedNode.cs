using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.AttackTests.Harness;

/// <summary>
/// A node with two tenants: the one of <see cref="PreparedStore"/>, which minds its own business, and one whose template is hostile.
/// A caller without any right can connect too. Each attack gets a daemon of its own, so that what it takes is its own.
/// </summary>
public sealed class BesiegedNode : IAsyncLifetime
{
    public const string HostileTenant = "mallory";

    /// <summary>A local user that may act for the hostile tenant.</summary>
    public const uint HostileUser = 61_001;

    /// <summary>A local user that may act for nobody.</summary>
    public const uint Stranger = 61_002;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public TestNode Node { get; private set; } = null!;

    public TemplatingClient Client => Node.Client;

    public string Initrd { get; private set; } = "";

    public string Socket => Node.Folder.Socket;

    public string Kubelet => Node.Folder["k"];

    public static string HostileTemplate => $"tenants/{HostileTenant}/templates/web";

    public async Task InitializeAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        await File.WriteAllTextAsync(folder["policy"], $$"""
            { "version": 1, "rules": [{ "uid": {{HostileUser}}, "tenants": ["{{HostileTenant}}"] }] }
            """, limit.Token);
        Initrd = await HostileGuest.BuildInitrdAsync(folder, limit.Token);
        Node = await TestNode.StartAsync(
            folder, ("POLICY_PATH", folder["policy"]), ("SOCKET_MODE", "0666"), ("LOG_LEVEL", "information"), ("SHUTDOWN_TIMEOUT", "2s"),
            ("KUBELET_PATH", folder["k"]), ("NODE_NAME", "node-1"));
        await Client.BuildAsync("web", HostileGuest.Spec(Initrd), limit.Token, HostileTenant);
    }

    /// <summary>A clone of the hostile tenant's, which behaves so once it knows who it is.</summary>
    public Task<VmClone> HostileCloneAsync(string behaviour, CancellationToken cancellationToken, TimeSpan? identityTimeout = null) =>
        Client.CloneAsync(cancellationToken, request =>
        {
            request.Spec.Template = HostileTemplate;
            request.Spec.UserData = Google.Protobuf.ByteString.CopyFromUtf8(behaviour);
            if (identityTimeout is { } timeout)
            {
                request.Spec.IdentityTimeout = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(timeout);
            }
        });

    public Task DisposeAsync() => Node.DisposeAsync().AsTask();
}

[CollectionDefinition(Name)]
public sealed class BesiegedNodeCollection : ICollectionFixture<BesiegedNode>
{
    public const string Name = "a besieged node";
}
