using System.Runtime.InteropServices;

namespace MonitorCluster.Detect;

/// <summary>A list of blittable structs in pages that never move: growing copies nothing, and no page is a large object.</summary>
/// <remarks>One writer. Cost of an access: a shift, a mask, two bounds checks.</remarks>
internal sealed class Pages<T>
    where T : unmanaged
{
    private const int PageBits = 6;
    private const int PageLength = 1 << PageBits;
    private readonly List<T[]> pages = [];

    /// <summary>Number of items.</summary>
    public int Count { get; private set; }

    /// <summary>An item.</summary>
    public ref T this[int index] => ref CollectionsMarshal.AsSpan(pages)[index >> PageBits][index & (PageLength - 1)];

    /// <summary>Adds an item.</summary>
    /// <returns>Its index.</returns>
    public int Add(in T item)
    {
        if (Count >> PageBits == pages.Count)
        {
            pages.Add(new T[PageLength]);
        }

        this[Count] = item;
        return Count++;
    }

    /// <summary>Forgets all items.</summary>
    public void Clear()
    {
        pages.Clear();
        Count = 0;
    }
}
