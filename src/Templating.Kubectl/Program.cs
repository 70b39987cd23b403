using Templating.Kubectl.Commands;

return await Cli.RunAsync(args, Console.Out, Console.Error, TimeProvider.System);
