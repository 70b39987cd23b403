using Templating.Kubectl.Commands;
using Templating.Terminal.Descriptors;

var streams = StandardStreams.OfProcess();
return await Cli.RunAsync(args, PluginHost.Of(streams), TimeProvider.System);
