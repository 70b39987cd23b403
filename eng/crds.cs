#!/usr/bin/env -S dotnet run
// Writes the chart's CustomResourceDefinitions from the C# types: `dotnet run eng/crds.cs`. A test fails where they differ.
// files/crds has rules in CEL, files/crds-legacy (for servers before 1.25) has none.
#:project ../src/Templating.Kubernetes/Templating.Kubernetes.csproj
#:property PublishAot=false
using System.Runtime.CompilerServices;
using Templating.Kubernetes.Definitions;

var chart = Path.Combine(Path.GetDirectoryName(Here())!, "../charts/templating/files");
foreach (var (folder, withCel) in new[] { ("crds", true), ("crds-legacy", false) })
{
    var target = Path.GetFullPath(Path.Combine(chart, folder));
    Directory.CreateDirectory(target);
    foreach (var file in CrdGenerator.Files(withCel))
    {
        await File.WriteAllTextAsync(Path.Combine(target, file.Name), file.Yaml);
        Console.WriteLine(Path.Combine(target, file.Name));
    }
}

static string Here([CallerFilePath] string path = "") => path;
