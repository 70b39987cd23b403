using Templating.Node.Commands;

return await Cli.RunAsync(args, CliHost.OfProcess(), CancellationToken.None);
