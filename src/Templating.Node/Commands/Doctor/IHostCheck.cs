namespace Templating.Node.Commands.Doctor;

internal interface IHostCheck
{
    Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken);
}
