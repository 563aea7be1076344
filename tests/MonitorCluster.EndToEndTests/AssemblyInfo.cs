// One at a time: each test starts real processes and compares what two of them measured within a second, on a machine that may have two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
