using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Tests.Cluster.Membership;

public sealed class DataDirectoryTests : IDisposable
{
    private static readonly Guid s_id = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_NewFolder_MakesItAndKeepsItsIdentity()
    {
        string path = Path.Combine(_folder, "a", "b");
        using (DataDirectory first = DataDirectory.Open(path, () => s_id))
        {
            Assert.True(first.IsNew);
            Assert.Equal((path, s_id), (first.Path, first.Id));
        }

        using DataDirectory second = DataDirectory.Open(path, () => throw new InvalidOperationException("must not make another"));
        Assert.False(second.IsNew);
        Assert.Equal(s_id, second.Id);
    }

    [Fact]
    public void Open_HeldByAnother_RefusedWithTheFolderUntilReleased()
    {
        DataDirectory first = DataDirectory.Open(_folder, () => s_id);

        DataDirectoryException e = Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(_folder, () => s_id));
        first.Dispose();

        Assert.Contains($"'{_folder}' is in use by another node", e.Message);
        DataDirectory.Open(_folder, () => s_id).Dispose();
    }

    [Fact]
    public void Open_PathIsAFile_RefusedAsNotWritable()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");

        foreach (string path in new[] { file, Path.Combine(file, "below") })
        {
            DataDirectoryException e = Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(path, () => s_id));
            Assert.Contains($"Node:DataDir '{path}' cannot be written", e.Message);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a uuid")]
    [InlineData("00000001-0002-0003-0405-060708090a0b 00000001-0002-0003-0405-060708090a0b 00000001-0002-0003-0405-060708090a0b")]
    public void Open_DamagedIdentity_RefusedAndTheLockIsGivenBack(string content)
    {
        string file = Path.Combine(_folder, "node.id");
        File.WriteAllText(file, content);

        DataDirectoryException e = Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(_folder, () => s_id));
        File.Delete(file);

        Assert.Contains($"holds {content.Length} bytes", e.Message);
        DataDirectory.Open(_folder, () => s_id).Dispose();
    }
}
