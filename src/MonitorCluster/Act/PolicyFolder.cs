using System.Text;

namespace MonitorCluster.Act;

/// <summary>Reads all policies of a folder.</summary>
internal static class PolicyFolder
{
    private const string Ending = ".policy.yaml";
    private const int PoliciesMax = 200;

    /// <summary>Reads every <c>*.policy.yaml</c> of a folder, in the order of their names; folders in it are left alone.</summary>
    /// <param name="folder">The folder; empty for none.</param>
    /// <param name="faults">Everything that is wrong, a sentence each, with file and key.</param>
    /// <returns>The policies; empty when anything is wrong.</returns>
    public static IReadOnlyList<ActuationPolicy> Read(string folder, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        var policies = new List<ActuationPolicy>();
        faults = found;
        if (folder.Length == 0)
        {
            return [];
        }

        try
        {
            string[] files = [.. Directory.GetFiles(folder, "*" + Ending).Order(StringComparer.Ordinal)];
            if (files.Length > PoliciesMax)
            {
                found.Add($"Act:PolicyDirectory ({folder}) has {files.Length} policies, at most {PoliciesMax} are allowed");
                return [];
            }

            foreach (string file in files)
            {
                ActuationPolicy? policy = ReadFile(file, out IReadOnlyList<string> wrong);
                found.AddRange(wrong);
                if (policy is not null)
                {
                    policies.Add(policy);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            found.Add($"Act:PolicyDirectory ({folder}) cannot be read: {e.Message}");
        }

        Relate(policies, found);
        return found.Count > 0 ? [] : policies;
    }

    private static ActuationPolicy? ReadFile(string file, out IReadOnlyList<string> faults)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] bytes = new byte[PolicyFile.BytesMax + 1];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > PolicyFile.BytesMax)
        {
            faults = [$"{file}: has more than {PolicyFile.BytesMax} bytes"];
            return null;
        }

        return PolicyFile.Read(file, Encoding.UTF8.GetString(bytes, 0, length), out faults);
    }

    // Two policies on one server would undo each other's work; the outbox would refuse one of them at every step.
    private static void Relate(List<ActuationPolicy> policies, List<string> faults)
    {
        foreach (IGrouping<string, ActuationPolicy> same in policies.GroupBy(p => p.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            faults.Add($"{string.Join(" and ", same.Select(p => p.File))}: name: \"{same.Key}\" is there more than once");
        }

        foreach (IGrouping<string, ActuationPolicy> same in policies.GroupBy(p => p.TargetOf(string.Empty), StringComparer.Ordinal))
        {
            ActuationPolicy[] list = [.. same];
            for (int i = 1; i < list.Length; i++)
            {
                if (list.Take(i).FirstOrDefault(p => Overlap(p, list[i])) is { } other)
                {
                    faults.Add($"{list[i].File}: haproxy.servers: some are also in {other.File}; a server has one policy");
                }
            }
        }
    }

    private static bool Overlap(ActuationPolicy a, ActuationPolicy b) =>
        a.Servers.Count == 0 || b.Servers.Count == 0 || a.Servers.Intersect(b.Servers, StringComparer.Ordinal).Any();
}
