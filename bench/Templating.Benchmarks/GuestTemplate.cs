using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>The template that is cloned, and the command line by which it was booted, as the baseline repeats it.</summary>
internal sealed record GuestTemplate(Template Template, CommandLine Boot)
{
    public const int WebPort = 80;

    public const string Tenant = "bench";

    /// <summary>That of docs/guest-image.md.</summary>
    public const string KernelCommandLine = "console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable";

    public string FolderIn(string store) =>
        Path.Combine(store, "templates", Template.Tenant, Template.Template_, Template.Revision);

    public CloneSpec NewClone() => new() { Template = $"tenants/{Tenant}/templates/{Template.Template_}" };

    public static string NameOfClone(string id) => $"tenants/{Tenant}/clones/{id}";

    /// <param name="daemon">Builds it.</param>
    /// <param name="guestFolder">With the guest's files.</param>
    /// <param name="sandbox">One for clones with owners, which has no network card.</param>
    /// <param name="folders">Of the run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<GuestTemplate> CreateAsync(
        Daemon daemon, string guestFolder, bool sandbox, Folders folders, CancellationToken cancellationToken)
    {
        var kernel = Path.Combine(guestFolder, "vmlinux");
        var initrd = Path.Combine(guestFolder, "initrd");
        using var call = daemon.Client.Templates.CreateTemplate(new CreateTemplateRequest
        {
            Tenant = Tenant,
            Template = sandbox ? "sandbox" : "guest",
            Spec = new TemplateSpec
            {
                Guest = new GuestSpec
                {
                    KernelPath = kernel,
                    InitrdPath = initrd,
                    CommandLine = KernelCommandLine,
                    ImagePaths = { Path.Combine(guestFolder, "rootfs.img") },
                },
                Network = sandbox ? null : new NetworkSpec { Forwards = { new PortForward { GuestPort = WebPort } } },
                Sandbox = sandbox,
            },
        }, cancellationToken: cancellationToken);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchForBootAsync(daemon.Pid, done.Token);
        var template = default(Template);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            template = call.ResponseStream.Current.Template ?? template;
        }

        await done.CancelAsync();
        var boot = await watching ?? throw new BenchmarkException("No QEMU with -kernel was seen among the daemon's children.");
        return new GuestTemplate(
            template ?? throw new BenchmarkException("The build ended without a template."),
            boot.ForBoot(kernel, initrd, Path.Combine(folders.Root, "boot-memory"), WebPort));
    }

    private static async Task<CommandLine?> WatchForBootAsync(int daemon, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (Processes.ChildWith(daemon, "-kernel") is { } found)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }
}
