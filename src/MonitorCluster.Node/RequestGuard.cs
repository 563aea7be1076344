using System.Net;
using System.Security.Cryptography;
using System.Text;
using MonitorCluster.Node.Configuration;

namespace MonitorCluster.Node;

/// <summary>Who may ask what: the token, and protection of a loopback listener against pages of other origins.</summary>
/// <remarks>
/// Health and readiness are open to all. With a token every other route needs it. Without one, a request that arrives on loopback must name
/// the listener in <c>Host</c>, whatever its method: a page whose name was rebound to 127.0.0.1 would read the answers (DNS rebinding).
/// The API refuses what a browser calls cross-site, and changing requests a foreign <c>Origin</c>. All with 403.
/// </remarks>
internal sealed class RequestGuard(RequestDelegate next, RequestTrust trust)
{
    private static readonly string[] OpenPaths = ["/healthz", "/readyz", "/-/healthy", "/-/ready"];
    private static readonly PathString[] ApiPaths = ["/api", "/pbm"];

    private readonly byte[] tokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(trust.Token));

    public Task InvokeAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (OpenPaths.Contains(http.Request.Path.Value, StringComparer.Ordinal))
        {
            return next(http);
        }

        if (trust.Token.Length > 0 && !HasToken(http.Request))
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            return RefuseAsync(http, StatusCodes.Status401Unauthorized, "this node asks for a token: Authorization: Bearer TOKEN");
        }

        string? reason = ForeignSite(http.Request) ?? ForeignOrigin(http.Request) ?? (trust.Token.Length > 0 ? null : ForeignHost(http.Request));
        return reason is null ? next(http) : RefuseAsync(http, StatusCodes.Status403Forbidden, reason);
    }

    private bool HasToken(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[7..].Trim())), tokenHash);
    }

    private static string? ForeignSite(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString().Equals("cross-site", StringComparison.OrdinalIgnoreCase)
        && Array.Exists(ApiPaths, p => request.Path.StartsWithSegments(p))
            ? "a page of another site may not ask this node; ask from the node's own page, or from a program"
            : null;

    private static string? ForeignOrigin(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        bool changes = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method);
        return changes && origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) && from.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase))
                ? $"origin {origin} may not change this node"
                : null;
    }

    private string? ForeignHost(HttpRequest request)
    {
        IPAddress? local = request.HttpContext.Connection.LocalIpAddress;
        string host = request.Host.Host;
        bool isOwn = local is null
            || !IPAddress.IsLoopback(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local)
            || ListenerTrust.IsLoopback(host)
            || trust.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);
        return isOwn
            ? null
            : $"host {host} is not this node's loopback address; ask for http://localhost:{request.HttpContext.Connection.LocalPort}, "
                + $"or set {trust.TokenOption} and send the token";
    }

    private static Task RefuseAsync(HttpContext http, int status, string reason)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { status = "error", errorType = status == 401 ? "unauthorized" : "forbidden", error = reason });
    }
}
