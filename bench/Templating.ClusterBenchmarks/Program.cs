using System.CommandLine;
using Templating.ClusterBenchmarks;
using Templating.ClusterBenchmarks.Life;
using Templating.ClusterBenchmarks.Pods;
using Templating.ClusterBenchmarks.Scale;

var output = new Option<FileInfo>("--out") { Description = "File for all raw samples, JSON", Required = true };
var check = new Option<bool>("--check") { Description = "Exit with 1 when a target is missed" };

var kubeconfig = new Option<FileInfo>("--kubeconfig") { Description = "Of a cluster that has Templating", Required = true };
var rounds = new Option<int>("--rounds") { Description = "A plain pod, a warm and a cold VMClone each", DefaultValueFactory = _ => 10 };
var image = new Option<string>("--image") { Description = "Of the plain pod; the one VM pods have", DefaultValueFactory = _ => "localhost/templating:dev" };
var guest = new Option<string>("--guest") { Description = "Folder on the nodes with vmlinux, initrd and rootfs.img", DefaultValueFactory = _ => "/var/lib/templating/guest" };
var installation = new Option<string>("--namespace") { Description = "Of operator and daemons", DefaultValueFactory = _ => "templating-system" };
var metricsPort = new Option<int>("--metrics-port") { Description = "Of the operator", DefaultValueFactory = _ => 8080 };
var replicas = new Option<int>("--replicas") { Description = "VMs that wait in the pool", DefaultValueFactory = _ => 2 };
var life = new Command("life", "VMClones beside plain pods on a real cluster.")
{
    kubeconfig, output, rounds, image, guest, installation, metricsPort, replicas, check,
};
life.SetAction((parse, cancellationToken) => Runs.RunAsync(
    token => LifeBenchmark.RunAsync(
        new LifeOptions
        {
            Kubeconfig = parse.GetRequiredValue(kubeconfig).FullName,
            Output = parse.GetRequiredValue(output).FullName,
            Rounds = parse.GetValue(rounds),
            Image = parse.GetRequiredValue(image),
            GuestFolder = parse.GetRequiredValue(guest),
            Installation = parse.GetRequiredValue(installation),
            MetricsPort = parse.GetValue(metricsPort),
            Replicas = parse.GetValue(replicas),
        },
        token),
    parse.GetValue(check), cancellationToken));

var cluster = new Option<DirectoryInfo>("--cluster") { Description = "Folder of eng/kube/up.sh, of one node", Required = true };
var web = new Option<string>("--image") { Description = "A web server that tells its pod's name", DefaultValueFactory = _ => "localhost/debian-web:1" };
var podRounds = new Option<int>("--rounds") { Description = "A pod with runc, one in a VM and a boot each", DefaultValueFactory = _ => 10 };
var memoryPods = new Option<int>("--memory-pods") { Description = "Pods at rest whose memory is looked at", DefaultValueFactory = _ => 5 };
var burstPods = new Option<int>("--burst-pods") { Description = "Pods that are asked for at once", DefaultValueFactory = _ => 20 };
var pods = new Command("pods", "Pods of the RuntimeClass beside the same pods with runc, on a real cluster.")
{
    kubeconfig, output, podRounds, cluster, web, guest, memoryPods, burstPods, check,
};
pods.SetAction((parse, cancellationToken) => Runs.RunAsync(
    token => PodsBenchmark.RunAsync(
        new PodsOptions
        {
            Kubeconfig = parse.GetRequiredValue(kubeconfig).FullName,
            Cluster = parse.GetRequiredValue(cluster).FullName,
            Output = parse.GetRequiredValue(output).FullName,
            Rounds = parse.GetValue(podRounds),
            MemoryPods = parse.GetValue(memoryPods),
            BurstPods = parse.GetValue(burstPods),
            Image = parse.GetRequiredValue(web),
            GuestFolder = parse.GetRequiredValue(guest),
        },
        token),
    parse.GetValue(check), cancellationToken));

var clones = new Option<int[]>("--clones") { Description = "VMClones; more than once for more runs", DefaultValueFactory = _ => [1000, 5000] };
var nodes = new Option<int>("--nodes") { Description = "Simulated nodes, at most 250", DefaultValueFactory = _ => 100 };
var poolPercent = new Option<int>("--pool-percent") { Description = "Of the VMClones, those from a pool", DefaultValueFactory = _ => 20 };
var churn = new Option<int>("--churn") { Description = "VMClones a second that come and go beside those at rest; 0: none" };
var churnMinutes = new Option<int>("--churn-minutes") { Description = "For how long", DefaultValueFactory = _ => 10 };
var kube = new Option<DirectoryInfo>("--kube") { Description = "Folder eng/kube", Required = true };
var chart = new Option<FileInfo>("--chart-install") { Description = "eng/chart/install.sh", Required = true };
var executable = new Option<FileInfo>("--operator") { Description = "The operator's executable", Required = true };
var loadTool = new Option<FileInfo?>("--load-tool") { Description = "kubectl-templating, whose load test is measured" };
var keep = new Option<DirectoryInfo?>("--keep") { Description = "Folder for logs of the operator and the API server" };
var scale = new Command("scale", "Thousands of VMClones over simulated nodes, on an API server of their own.")
{
    output, clones, nodes, poolPercent, churn, churnMinutes, kube, chart, executable, loadTool, keep, check,
};
scale.SetAction((parse, cancellationToken) => Runs.RunAsync(
    token => ScaleBenchmark.RunAsync(
        new ScaleOptions
        {
            Output = parse.GetRequiredValue(output).FullName,
            Clones = parse.GetRequiredValue(clones),
            Nodes = parse.GetValue(nodes),
            PoolPercent = parse.GetValue(poolPercent),
            ChurnRate = parse.GetValue(churn),
            ChurnTime = TimeSpan.FromMinutes(parse.GetValue(churnMinutes)),
            KubeFolder = parse.GetRequiredValue(kube).FullName,
            ChartInstall = parse.GetRequiredValue(chart).FullName,
            Operator = parse.GetRequiredValue(executable).FullName,
            LoadTool = parse.GetValue(loadTool)?.FullName,
            Keep = parse.GetValue(keep)?.FullName,
        },
        token),
    parse.GetValue(check), cancellationToken));

var root = new RootCommand("Measures templating in Kubernetes.") { life, pods, scale };
// A Ctrl-C cancels; what was started needs a moment to go.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) });
