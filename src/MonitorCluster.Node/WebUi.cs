using System.Collections.Frozen;
using System.Reflection;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace MonitorCluster.Node;

/// <summary>
/// Serves the page that Web.targets bundled into this assembly: the same HTML at each address the page knows, and its
/// files, named by their content's hash, under <c>/assets/</c>.
/// </summary>
/// <remarks>
/// Everything lies in memory (some 250 kB with both compressed forms) and is answered without touching the disk, so the
/// node serves its page from any working directory and while its disk is full.
/// </remarks>
internal static class WebUi
{
    private const string ResourcePrefix = "web/";

    /// <summary>The addresses the page itself resolves; any other one stays an honest 404.</summary>
    private static readonly string[] Pages = ["/", "/incidents", "/anomalies", "/alerts", "/explore", "/cluster", "/optimiser"];

    /// <summary>
    /// Nothing but this node's own files runs, and no string ever becomes markup or code: Trusted Types refuse innerHTML
    /// and its relatives, so that a hostile label could not be run even by a mistake in the page.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'none'; object-src 'none'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Adds the page's routes (GET and HEAD). Without a bundle (<c>-p:SkipWeb=true</c>) they answer 404 and say so.</summary>
    /// <param name="app">Where the routes are added.</param>
    /// <returns><paramref name="app"/>.</returns>
    public static IEndpointRouteBuilder MapWebUi(this IEndpointRouteBuilder app)
    {
        FrozenDictionary<string, WebFile> files = Load();
        WebFile? index = files.GetValueOrDefault("index.html");
        foreach (string page in Pages)
        {
            app.MapMethods(page, Methods, context => index is null ? AnswerMissingAsync(context) : AnswerAsync(context, index));
        }

        app.MapMethods("/assets/{name}", Methods, context =>
            files.TryGetValue((string)context.Request.RouteValues["name"]!, out WebFile? file) && file != index
                ? AnswerAsync(context, file)
                : AnswerMissingAsync(context));
        return app;
    }

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    private static async Task AnswerAsync(HttpContext context, WebFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        AddSafetyHeaders(headers);
        (byte[] body, string? encoding) = Choose(file, context.Request.Headers.AcceptEncoding);
        // A strong tag names exact bytes, so each encoding has its own.
        string tag = encoding is null ? $"\"{file.Hash}\"" : $"\"{file.Hash}-{encoding}\"";
        headers.ETag = tag;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.CacheControl = file.IsHashed ? "public, max-age=31536000, immutable" : "no-cache";
        if (MatchesTag(context.Request.Headers.IfNoneMatch, tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        headers.ContentEncoding = encoding;
        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = body.Length;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private static async Task AnswerMissingAsync(HttpContext context)
    {
        AddSafetyHeaders(context.Response.Headers);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        string text = context.Request.Path.StartsWithSegments("/assets")
            ? "No such file. The page may be of another build: load it again.\n"
            : "This node was built without the page (SkipWeb=true). Its API answers under /api/v1.\n";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static void AddSafetyHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    private static (byte[] Body, string? Encoding) Choose(WebFile file, StringValues accepted)
    {
        return Accepts(accepted, "br") ? (file.Brotli, "br") : Accepts(accepted, "gzip") ? (file.Gzip, "gzip") : (file.Plain, null);
    }

    private static bool Accepts(StringValues accepted, string encoding)
    {
        return StringWithQualityHeaderValue.TryParseList(accepted, out IList<StringWithQualityHeaderValue>? values)
            && values.Any(value => value.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && value.Quality is null or > 0);
    }

    private static bool MatchesTag(StringValues ifNoneMatch, string tag)
    {
        return EntityTagHeaderValue.TryParseList(ifNoneMatch, out IList<EntityTagHeaderValue>? tags)
            && tags.Any(known => known.Tag == "*" || known.Tag == tag);
    }

    private static FrozenDictionary<string, WebFile> Load()
    {
        Assembly assembly = typeof(WebUi).Assembly;
        var contentTypes = new FileExtensionContentTypeProvider();
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal) && Path.GetExtension(name) is not (".br" or ".gz"))
            .Select(resource => WebFile.Read(assembly, resource, resource[ResourcePrefix.Length..], contentTypes))
            .ToFrozenDictionary(file => file.Name, StringComparer.Ordinal);
    }
}
