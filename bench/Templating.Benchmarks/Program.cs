using System.CommandLine;
using Templating.Benchmarks;

var executable = new Option<FileInfo>("--executable") { Description = "The daemon's NativeAOT executable", Required = true };
var guest = new Option<DirectoryInfo>("--guest") { Description = "Folder with vmlinux, initrd and rootfs.img", Required = true };
var driver = new Option<FileInfo>("--driver") { Description = "bench/bare_driver.py", Required = true };
var output = new Option<FileInfo>("--out") { Description = "File for all raw samples, JSON", Required = true };
var rounds = Count("--rounds", "Rounds of clones and sandboxes, by turns with what they are compared to", 30);
var boots = Count("--boots", "Cold boots among them", 30);
var starts = Count("--starts", "Starts of the daemon", 30);
var clones = Count("--clones", "Clones that run at once for the figures of isolation", 30);
var storms = Count("--storms", "Storms of clones, 8 at a time; other numbers at a time get a tenth of them", 30);
var stormClones = Count("--storm-clones", "Clones in a storm, and those that idle beside the daemon", 100);
var memories = Count("--memories", "How often the memory of all clones is taken", 30);
var memoryClones = Count("--memory-clones", "Clones whose memory is taken together", 50);
var windows = Count("--windows", "Times of 2 s in which the daemon's CPU is taken", 30);
var density = new Option<int?>("--density") { Description = "In place of all else: as many clones as this share of the machine's memory holds, in percent" };
density.Validators.Add(result =>
{
    if (result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() is not (>= 1 and <= 90))
    {
        result.AddError("--density is 1 to 90, in percent.");
    }
});
var check = new Option<bool>("--check") { Description = "Exit with 1 when a target is missed" };
var root = new RootCommand("Measures templating side by side with what it is compared to.")
{
    executable, guest, driver, output, rounds, boots, starts, clones, storms, stormClones, memories, memoryClones, windows, density, check,
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
        Storms = parse.GetValue(storms),
        StormClones = parse.GetValue(stormClones),
        Memories = parse.GetValue(memories),
        MemoryClones = parse.GetValue(memoryClones),
        Windows = parse.GetValue(windows),
        DensityPercent = parse.GetValue(density),
        Check = parse.GetValue(check),
    },
    cancellationToken));
// A Ctrl-C cancels; the clones and the daemon need a moment to go.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(4) });

static Option<int> Count(string name, string description, int normally)
{
    var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => normally };
    // Each promise needs a sample.
    option.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < 1)
        {
            result.AddError($"{name} is at least 1.");
        }
    });
    return option;
}
