using System.Diagnostics;
using System.Globalization;

namespace MonitorCluster.Bench.Actors;

/// <summary>
/// What one message costs: CPU of the whole process (producers, consumers, garbage collector) and bytes allocated, divided by the messages.
/// The message object is shared and the handler trivial, so that only the mailbox is measured.
/// Wall time is shown but not judged: it depends on who else uses the machine.
/// </summary>
internal static class ActorsBenchmark
{
    private const int WarmUps = 2;
    private const int Passes = 5;

    // A queue's segments double from 32 to 524,288 slots, 1,048,544 in all: this many messages fill them, so that an unbounded backlog
    // shows the bytes of a message and not those of slots left empty.
    private const int Messages = 1_040_000;
    private const int Hops = 300_000;

    public static int Run(string[] args)
    {
        if (args.Length > 0)
        {
            Console.Error.WriteLine($"The benchmark 'actors' has no options; got '{args[0]}'.");
            return 64;
        }

        Console.WriteLine($"median of {Passes} passes of {Messages} messages (ping-pong: {Hops} hops) after {WarmUps} warm-ups");
        Console.WriteLine($"{"scenario",-28}{"CPU ns/msg",12}{"B/msg",9}{"wall M msg/s",14}");
        Cost[] tells =
        [
            Measure("1 actor, 1 producer", () => Tell(actors: 1, producers: 1)),
            Measure("1 actor, 2 producers", () => Tell(actors: 1, producers: 2)),
            Measure("1000 actors, 1 producer", () => Tell(actors: 1_000, producers: 1)),
            Measure("1000 actors, 2 producers", () => Tell(actors: 1_000, producers: 2)),
        ];
        Cost pingPong = Measure("ping-pong", () => PingPong(isMetered: false));
        Cost[] metered =
        [
            Measure("1 actor, 1 producer, meter", () => Tell(actors: 1, producers: 1, isMetered: true)),
            Measure("1000 actors, 1 prod., meter", () => Tell(actors: 1_000, producers: 1, isMetered: true)),
        ];
        Cost meteredPingPong = Measure("ping-pong, meter", () => PingPong(isMetered: true));

        // The figures judged are those of the worst scenario.
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"RESULT tell_ns={tells.Max(c => c.CpuNs):F1} bytes_per_message={tells.Max(c => c.Bytes):F1} ping_pong_ns={pingPong.CpuNs:F1}")
            + string.Create(CultureInfo.InvariantCulture, $" metered_tell_ns={metered.Max(c => c.CpuNs):F1} metered_ping_pong_ns={meteredPingPong.CpuNs:F1}"));
        return 0;
    }

    private static Cost Measure(string name, Func<Cost> pass)
    {
        for (int i = 0; i < WarmUps; i++)
        {
            pass();
        }

        var costs = new Cost[Passes];
        for (int i = 0; i < Passes; i++)
        {
            costs[i] = pass();
        }

        var median = new Cost(Median(costs.Select(c => c.CpuNs)), Median(costs.Select(c => c.Bytes)), Median(costs.Select(c => c.MessagesPerSecond)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name,-28}{median.CpuNs,12:F1}{median.Bytes,9:F1}{median.MessagesPerSecond / 1e6,14:F1}"));
        return median;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Passes / 2);

    private static Props Metered(Props props, bool isMetered) => isMetered ? props.WithRunMeter(new RunMeter(TimeProvider.System)) : props;

    private static Cost Tell(int actors, int producers, bool isMetered = false)
    {
        var system = ActorSystem.Create("bench", new ActorSystemSetup { MailboxLimit = int.MaxValue });
        using var left = new CountdownEvent(actors);
        int share = Messages / actors;
        IActorRef[] refs = [.. Enumerable.Range(0, actors).Select(_ => system.ActorOf(Metered(Props.Create(() => new Counter(share, left)), isMetered)))];
        object message = new();
        Cost cost = Timed(Messages, () =>
        {
            Thread[] threads = [.. Enumerable.Range(0, producers).Select(_ => new Thread(() =>
            {
                for (int i = 0; i < Messages / producers; i++)
                {
                    refs[i % actors].Tell(message, null);
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            left.Wait();
            Array.ForEach(threads, thread => thread.Join());
        });
        End(system);
        return cost;
    }

    private static Cost PingPong(bool isMetered)
    {
        var system = ActorSystem.Create("bench", new ActorSystemSetup());
        using var done = new CountdownEvent(1);
        IActorRef ping = system.ActorOf(Metered(Props.Create(() => new Player(Hops / 2, done)), isMetered));
        IActorRef pong = system.ActorOf(Metered(Props.Create(() => new Player(Hops, done)), isMetered));
        object ball = new();
        Cost cost = Timed(Hops, () =>
        {
            ping.Tell(ball, pong);
            done.Wait();
        });
        End(system);
        return cost;
    }

    private static Cost Timed(int messages, Action work)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan cpu = process.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        work();
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        process.Refresh();
        double cpuNs = (process.TotalProcessorTime - cpu).TotalNanoseconds / messages;
        double perMessage = (double)(GC.GetTotalAllocatedBytes(precise: true) - bytes) / messages;
        return new Cost(cpuNs, perMessage, messages / wall.TotalSeconds);
    }

    private static void End(ActorSystem system) =>
#pragma warning disable VSTHRD002 // a benchmark is one thread; nothing else waits for it
        system.TerminateAsync().Wait();
#pragma warning restore VSTHRD002

    private readonly record struct Cost(double CpuNs, double Bytes, double MessagesPerSecond);

    /// <summary>Says when it has got its share.</summary>
    private sealed class Counter : ReceiveActor
    {
        private int _got;

        public Counter(int share, CountdownEvent left) => ReceiveAny(_ =>
        {
            if (++_got == share)
            {
                left.Signal();
            }
        });
    }

    /// <summary>Hits the ball back until it has hit it often enough.</summary>
    private sealed class Player : ReceiveActor
    {
        private int _hits;

        public Player(int hitsMax, CountdownEvent done) => ReceiveAny(ball =>
        {
            if (++_hits == hitsMax)
            {
                done.Signal();
            }
            else
            {
                Sender.Tell(ball, Self);
            }
        });
    }
}
