using System.Reflection;
using System.Runtime.CompilerServices;
using MonitorCluster.Tests.Layout;

namespace MonitorCluster.Tests.Actors;

/// <summary>Pins the public surface: Akka.NET could take the ground floor's place only as long as the surface stays small and known.</summary>
public sealed class ApiShapeTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void PublicSurface_IsTheOneWrittenDown()
    {
        string path = Repository.At("tests", "MonitorCluster.Tests", "Actors", "public-api.txt");
        string expected = File.Exists(path) ? File.ReadAllText(path) : "";
        string actual = string.Join('\n', Surface()) + "\n";

        if (expected != actual && Environment.GetEnvironmentVariable("MC_ACCEPT_API") == "1")
        {
            File.WriteAllText(path, actual);
        }

        // Meant? Run this test once with MC_ACCEPT_API=1, look at the difference, and adapt docs/akka-mapping.md.
        Assert.Equal(expected, actual);
    }

    private static IEnumerable<string> Surface()
    {
        foreach (Type type in typeof(ActorSystem).Assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            yield return $"{Kind(type)} {type.Name}";
            IEnumerable<string> members = type.GetMembers(Declared)
                .Where(member => IsVisible(member) && !member.IsDefined(typeof(CompilerGeneratedAttribute)))
                .Where(member => member is ConstructorInfo or not (MethodBase { IsSpecialName: true } or FieldInfo { IsSpecialName: true }))
                .Where(member => !(member is MethodBase && member.Name is "ToString" or "Equals" or "GetHashCode" or "PrintMembers" or "<Clone>$"))
                .Select(Describe)
                .Order(StringComparer.Ordinal);
            foreach (string member in members)
            {
                yield return "  " + member;
            }
        }
    }

    private static string Kind(Type type) =>
        type.IsInterface ? "interface" : type.IsEnum ? "enum"
        : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : "class";

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic || field.IsFamily,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        _ => false,
    };

    private static string Describe(MemberInfo member) => member switch
    {
        MethodInfo method => $"{Name(method.ReturnType)} {method.Name}{Generic(method)}({Parameters(method)})",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        PropertyInfo property => $"{Name(property.PropertyType)} {property.Name} {{ {string.Join(' ', Accessors(property))} }}",
        FieldInfo field => $"{Name(field.FieldType)} {field.Name}",
        _ => member.ToString()!,
    };

    private static IEnumerable<string> Accessors(PropertyInfo property) =>
        property.GetAccessors(nonPublic: true).Where(IsVisible).Select(accessor => accessor.ReturnType == typeof(void) ? "set;" : "get;");

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}"));

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;
}
