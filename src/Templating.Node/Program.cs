using Templating.Cli.Base;
using Templating.Node.Commands;

return await Executable.RunAsync(args, CliHost.OfProcess(), CancellationToken.None);
