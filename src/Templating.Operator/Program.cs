return await Templating.Operator.Hosting.OperatorHost.RunAsync(args, CancellationToken.None);
