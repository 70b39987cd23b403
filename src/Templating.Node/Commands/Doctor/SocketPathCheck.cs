using System.Text;
using Templating.Api.Client;
using Templating.Core.Machines;

namespace Templating.Node.Commands.Doctor;

internal sealed class SocketPathCheck : IHostCheck
{
    // The longest id a clone may have: an RFC 1123 label.
    private static readonly string LongestId = new('x', 63);

    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken)
    {
        var folder = new VmFolder(Path.Combine(target.RunPath, "clones", LongestId));
        var longest = new[] { folder.Qmp, folder.Agent, folder.Guest, folder.Console }.Max(Encoding.UTF8.GetByteCount);
        var excess = longest - TemplatingAddress.MaxSocketPath;
        return Task.FromResult<IReadOnlyList<Finding>>(
        [
            excess <= 0
                ? new Finding("socket paths", Verdict.Pass, $"At most {longest} of {TemplatingAddress.MaxSocketPath} bytes")
                : new Finding(
                    "socket paths", Verdict.Fail,
                    $"Sockets below {target.RunPath} may have {longest} bytes; Unix allows {TemplatingAddress.MaxSocketPath}",
                    $"Choose a run folder shorter by {excess} with --run-path."),
        ]);
    }
}
