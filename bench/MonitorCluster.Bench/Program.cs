using MonitorCluster.Bench.Actors;
using MonitorCluster.Bench.Codec;
using MonitorCluster.Bench.Core;
using MonitorCluster.Bench.Detect;
using MonitorCluster.Bench.Optimiser;

var benchmarks = new SortedDictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["actors"] = ActorsBenchmark.Run,
    ["codec"] = CodecBenchmark.Run,
    ["core"] = CoreBenchmark.Run,
    ["detect"] = DetectBenchmark.Run,
    ["optimiser"] = OptimiserBenchmark.Run,
};

if (args.Length > 0 && benchmarks.TryGetValue(args[0], out Func<string[], int>? run))
{
    return run(args[1..]);
}

(TextWriter output, int exitCode) = args.Length == 0 ? (Console.Out, 0) : (Console.Error, 64);
if (args.Length > 0)
{
    output.WriteLine($"There is no benchmark '{args[0]}'.");
}

output.WriteLine("usage: scripts/dev bench NAME [options]; the benchmarks: " + string.Join(", ", benchmarks.Keys));
return exitCode;
