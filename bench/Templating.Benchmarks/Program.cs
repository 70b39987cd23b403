using System.CommandLine;
using Templating.Benchmarks;

var executable = new Option<FileInfo>("--executable") { Description = "The daemon's NativeAOT executable", Required = true };
var guest = new Option<DirectoryInfo>("--guest") { Description = "Folder with vmlinux, initrd and rootfs.img", Required = true };
var driver = new Option<FileInfo>("--driver") { Description = "bench/bare_driver.py", Required = true };
var output = new Option<FileInfo>("--out") { Description = "File for all raw samples, JSON", Required = true };
var rounds = new Option<int>("--rounds") { Description = "Pairs of each measurement", DefaultValueFactory = _ => 15 };
var boots = new Option<int>("--boots") { Description = "Cold boots among them", DefaultValueFactory = _ => 5 };
var starts = new Option<int>("--starts") { Description = "Starts of the daemon", DefaultValueFactory = _ => 10 };
var clones = new Option<int>("--clones") { Description = "Clones that run at once for the memory figures", DefaultValueFactory = _ => 20 };
var check = new Option<bool>("--check") { Description = "Exit with 1 when a target is missed" };
foreach (var count in (Option<int>[])[rounds, boots, starts, clones])
{
    // Each promise needs a sample.
    count.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < 1)
        {
            result.AddError($"{count.Name} is at least 1.");
        }
    });
}

var root = new RootCommand("Measures templating side by side with what it is compared to.")
{
    executable, guest, driver, output, rounds, boots, starts, clones, check,
};
root.SetAction((parse, cancellationToken) => Benchmark.RunAsync(
    new BenchmarkOptions
    {
        Executable = parse.GetRequiredValue(executable).FullName,
        GuestFolder = parse.GetRequiredValue(guest).FullName,
        Driver = parse.GetRequiredValue(driver).FullName,
        Output = parse.GetRequiredValue(output).FullName,
        Rounds = parse.GetValue(rounds),
        Boots = parse.GetValue(boots),
        Starts = parse.GetValue(starts),
        Clones = parse.GetValue(clones),
        Check = parse.GetValue(check),
    },
    cancellationToken));
// A Ctrl-C cancels; the clones and the daemon need a moment to go.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
