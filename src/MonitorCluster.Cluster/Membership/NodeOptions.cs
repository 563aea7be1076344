using System.ComponentModel.DataAnnotations;
using System.Net;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Who this node is and where it keeps its own files.</summary>
public sealed class NodeOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Node";

    /// <summary>The least and the most that <see cref="CpuMilli"/> may say.</summary>
    public const int CpuMilliMin = 10;

    /// <inheritdoc cref="CpuMilliMin"/>
    public const int CpuMilliMax = 1_000_000;

    /// <summary>The node's name, unique in its cluster; also the <c>host</c> label of what it measures itself.</summary>
    /// <value>Default the host's name; 1 to 253 characters without control characters.</value>
    [Required]
    [StringLength(253, MinimumLength = 1)]
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>The folder of the node's files (log, identity, and the SQLite store), made when it is not there. One node at a time may use it.</summary>
    /// <value>Default <c>data</c>, relative to the working directory.</value>
    [Required]
    public string DataDir { get; set; } = "data";

    /// <summary>Where the node listens for other nodes (HTTP/2).</summary>
    /// <value>Default <c>127.0.0.1:0</c>: any free port, which other nodes learn from the store.</value>
    [Required]
    public string Bind { get; set; } = "127.0.0.1:0";

    /// <summary>The address under which other nodes reach this one, when it is not where it listens.</summary>
    /// <value>Default empty: the address it listens on.</value>
    public string Advertise { get; set; } = string.Empty;

    /// <summary>Certificate of the listener for other nodes: a PEM file, which may hold its intermediates and its key, or a .pfx/.p12 file. With it all
    /// links between nodes are encrypted.</summary>
    /// <value>Default none: no TLS, which is for loopback alone.</value>
    public string CertificateFile { get; set; } = string.Empty;

    /// <summary>The certificate's private key, a PEM file, when it is not in the certificate's own file.</summary>
    /// <value>Default none.</value>
    public string KeyFile { get; set; } = string.Empty;

    /// <summary>PEM file of the authorities whose certificates other nodes must have.</summary>
    /// <value>Default none: those that the system trusts.</value>
    public string CaFile { get; set; } = string.Empty;

    /// <summary>What the node does: <c>collector</c>, <c>aggregator</c>, <c>api</c>, separated by commas.</summary>
    /// <value>Default all three.</value>
    [Required]
    public string Roles { get; set; } = "collector,aggregator,api";

    /// <summary>Processors that the node may use, in thousandths of a core: its share of the shards follows from it.</summary>
    /// <value>Default 0: as many as the process sees, or as its control group allows. Otherwise 10 to 1,000,000.</value>
    [Range(0, CpuMilliMax)]
    public int CpuMilli { get; set; }

    /// <summary>Allows listeners that are neither on loopback nor protected.</summary>
    /// <value>Default false: such a listener is refused at start.</value>
    public bool AllowInsecure { get; set; }

    /// <summary>The roles as flags; an unknown name counts for nothing, since validation refuses it.</summary>
    public NodeRoles RoleFlags => RoleNames.Aggregate(NodeRoles.None, (roles, name) => roles | RoleOf(name));

    private string[] RoleNames => Roles.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Name.Any(char.IsControl))
        {
            yield return new ValidationResult("Node:Name holds control characters.", [nameof(Name)]);
        }

        if (CpuMilli is > 0 and < CpuMilliMin)
        {
            yield return new ValidationResult($"Node:CpuMilli ({CpuMilli}) must be 0, or {CpuMilliMin} to {CpuMilliMax}.", [nameof(CpuMilli)]);
        }

        if (RoleNames.Length == 0)
        {
            yield return new ValidationResult("Node:Roles is empty; it must name collector, aggregator or api.", [nameof(Roles)]);
        }

        foreach (string name in RoleNames.Where(name => RoleOf(name) == NodeRoles.None))
        {
            yield return new ValidationResult($"Node:Roles names '{name}'; it may name collector, aggregator and api.", [nameof(Roles)]);
        }

        if (!HostPort.IsValid(Bind))
        {
            yield return new ValidationResult($"Node:Bind is '{Bind}', which is not host:port.", [nameof(Bind)]);
        }

        else if (Advertise.Length == 0 && WhyAdvertise() is { } why)
        {
            yield return new ValidationResult($"Node:Bind is '{Bind}', {why}; set Node:Advertise to the address that reaches this node.", [nameof(Advertise)]);
        }

        if (Advertise.Length > 0 && !HostPort.IsValid(Advertise))
        {
            yield return new ValidationResult($"Node:Advertise is '{Advertise}', which is not host:port.", [nameof(Advertise)]);
        }
    }

    // Other nodes are told an address, and it must lead to this one from everywhere.
    private string? WhyAdvertise()
    {
        _ = HostPort.TryParse(Bind, out string host, out _);
        return HostPort.AddressOf(host) is not { } address ? "a name, which other nodes may look up differently"
            : address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "which is every address of this machine"
            : null;
    }

    private static NodeRoles RoleOf(string name) => name switch
    {
        "aggregator" => NodeRoles.Aggregator,
        "collector" => NodeRoles.Collector,
        "api" => NodeRoles.Api,
        _ => NodeRoles.None,
    };
}
