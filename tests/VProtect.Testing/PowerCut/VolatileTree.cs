namespace VProtect.Testing.PowerCut;

/// <summary>A tree of files of which only what was flushed is sure to outlive a power cut. Not thread-safe.</summary>
internal sealed class VolatileTree
{
    /// <summary>The number the kernel knows the root by.</summary>
    public const ulong RootNumber = 1;

    public const uint DirectoryType = 0x4000;
    public const uint FileType = 0x8000;

    private readonly Dictionary<ulong, VolatileNode> _nodes = [];
    private ulong _lastNumber = RootNumber;

    public VolatileTree() => _nodes[RootNumber] = Root = new VolatileDirectory { Number = RootNumber, Mode = DirectoryType | 0x1C0, Names = 1 };

    public VolatileDirectory Root { get; }

    public VolatileNode? Find(ulong number) => _nodes.GetValueOrDefault(number);

    public VolatileFile NewFile(uint permissions) => Add(new VolatileFile { Number = ++_lastNumber, Mode = FileType | permissions });

    public VolatileDirectory NewDirectory(uint permissions) =>
        Add(new VolatileDirectory { Number = ++_lastNumber, Mode = DirectoryType | permissions });

    /// <summary>What a disk may hold after a power cut: what was flushed, and of the rest whatever the seed says.</summary>
    public VolatileTree Survivor(Random random)
    {
        var survivor = new VolatileTree();
        var survival = (Survival)random.Next(4);
        Copy(Root, survivor.Root, survivor, survival, random, []);
        return survivor;
    }

    private static void Copy(
        VolatileDirectory from, VolatileDirectory to, VolatileTree survivor, Survival survival, Random random, Dictionary<VolatileNode, VolatileNode> copies)
    {
        foreach ((string name, VolatileNode node) in from.SurvivingEntries(survival, random).OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            // A file may have survived under two names: an old one that was not removed durably, and the new one.
            if (!copies.TryGetValue(node, out VolatileNode? copy))
            {
                copies[node] = copy = node is VolatileFile file
                    ? survivor.Add(file.Survivor(++survivor._lastNumber, survival, random))
                    : survivor.NewDirectory(node.Mode & 0xFFF);
                if (node is VolatileDirectory directory)
                {
                    Copy(directory, (VolatileDirectory)copy, survivor, survival, random, copies);
                }
            }

            to.Restore(name, copy);
        }
    }

    private T Add<T>(T node)
        where T : VolatileNode
    {
        _nodes[node.Number] = node;
        return node;
    }
}
