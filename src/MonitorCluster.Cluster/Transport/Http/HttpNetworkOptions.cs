namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>How a node reaches other nodes, and where they reach it.</summary>
public sealed record HttpNetworkOptions
{
    /// <summary>Where to listen, host:port; port 0 takes a free one. Null: the node does not listen.</summary>
    public string? Bind { get; init; }

    /// <summary>The address other nodes are told, host:port; port 0 stands for the listener's. Empty: the one it listens on.</summary>
    public string Advertise { get; init; } = string.Empty;

    /// <summary>The certificates; null: no TLS.</summary>
    public LinkTls? Tls { get; init; }

    /// <summary>The clock of timeouts.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where bytes and links are counted.</summary>
    public TransportStatistics Statistics { get; init; } = new();

    /// <summary>How long a TCP connection, TLS included, may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a link may take to open: the connection, the request and the answer's head.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a connection may be silent before it is pinged, and how long the answer to the ping may take; whole seconds.</summary>
    public TimeSpan PingAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long what was sent before a link was closed may take to leave.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an accepted link may stay without having shown that it knows the join token.</summary>
    public TimeSpan UnknownTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Accepted links at once. A node has two or three with each other node.</summary>
    public int LinksMax { get; init; } = 4_096;

    /// <summary>Accepted links at once that have not shown yet that they know the join token.</summary>
    public int UnknownLinksMax { get; init; } = 256;

    /// <summary>Of those, from one address: a stranger on one machine must not keep the nodes of all others out.</summary>
    public int UnknownLinksOfOneMax { get; init; } = 64;

    /// <summary>How long what an accepted link that has shown nothing was told may take to leave.</summary>
    public TimeSpan UnknownLinger { get; init; } = TimeSpan.FromMilliseconds(500);
}
