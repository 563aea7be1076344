// The long tests use every core by themselves: one after the other each takes as long as it says.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
