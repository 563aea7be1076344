using System.Security.Cryptography;
using System.Text;
using MonitorCluster.Node.Configuration;

namespace MonitorCluster.Node;

/// <summary>Who may ask what: the token, and protection of a loopback listener against pages of other origins.</summary>
/// <remarks>
/// With a token every route needs it but health and readiness. Changing requests must come from this origin: a foreign <c>Origin</c>, or a
/// <c>Host</c> that is a name other than localhost (DNS rebinding), is refused with 403.
/// </remarks>
internal sealed class RequestGuard(RequestDelegate next, string token)
{
    private static readonly string[] OpenPaths = ["/healthz", "/readyz", "/-/healthy", "/-/ready"];

    private readonly byte[] tokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    public Task InvokeAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (token.Length > 0 && !OpenPaths.Contains(http.Request.Path.Value, StringComparer.Ordinal) && !HasToken(http.Request))
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            return RefuseAsync(http, StatusCodes.Status401Unauthorized, "this node asks for a token: Authorization: Bearer TOKEN");
        }

        bool changes = !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method) && !HttpMethods.IsOptions(http.Request.Method);
        if (changes && ForeignOrigin(http.Request) is { } reason)
        {
            return RefuseAsync(http, StatusCodes.Status403Forbidden, reason);
        }

        return next(http);
    }

    private bool HasToken(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[7..].Trim())), tokenHash);
    }

    private static string? ForeignOrigin(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) && from.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase)))
        {
            return $"origin {origin} may not change this node";
        }

        bool isLocal = request.HttpContext.Connection.LocalIpAddress is { } local && System.Net.IPAddress.IsLoopback(local);
        return isLocal && !ListenerTrust.IsLoopback(request.Host.Host) ? $"host {request.Host.Host} is not this node's loopback address" : null;
    }

    private static Task RefuseAsync(HttpContext http, int status, string reason)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { status = "error", errorType = status == 401 ? "unauthorized" : "forbidden", error = reason });
    }
}
