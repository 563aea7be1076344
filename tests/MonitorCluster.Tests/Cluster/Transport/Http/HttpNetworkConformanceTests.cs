using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport.Http;

public sealed class HttpNetworkConformanceTests : NetworkConformanceTests, IDisposable
{
    private readonly RealNodes nodes = new();

    protected override ActorSystem System => nodes.System;

    public void Dispose() => nodes.Dispose();

    protected override INetwork Start() => nodes.Start();

    protected override string AddressOfNobody() => RealNodes.AddressOfNobody();

    protected override string AddressOfSilence()
    {
        nodes.OpenTimeout = TimeSpan.FromSeconds(1); // of the networks that are started from now on
        return nodes.Listen().LocalEndpoint.ToString()!;
    }

    protected override void WaitFor(Func<bool> condition) => nodes.WaitFor(condition);

    protected override void Changed() => nodes.Changed();
}
