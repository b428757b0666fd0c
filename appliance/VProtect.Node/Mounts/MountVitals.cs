namespace VProtect.Node.Mounts;

/// <summary>
/// Tells of a booted machine that stands still at look after look, although it is let go on each time, and when it runs again. A machine whose disks had been away stands still once more for each
/// of them, which is nothing to tell. Not thread-safe.
/// </summary>
/// <param name="freeBytes">Space that is left for what it writes.</param>
/// <param name="tell">Receives what is wrong, or null for nothing any more.</param>
internal sealed class MountVitals(Func<long> freeBytes, Action<string?> tell)
{
    /// <summary>Looks in a row after which it is told.</summary>
    public const int LooksMin = 5;

    /// <summary>With less a write may fail: pages come in runs of up to 1 MiB, and notes and journal beside them.</summary>
    private const long FullBytes = 4 << 20;

    private int _inARow;
    private bool? _stoodStill;
    private bool? _told;

    /// <summary>Takes note of a look.</summary>
    /// <param name="stoodStill">Whether the machine stood still.</param>
    public void Look(bool stoodStill)
    {
        _inARow = stoodStill == _stoodStill ? _inARow + 1 : 1;
        _stoodStill = stoodStill;
        if (_inARow >= LooksMin && _told != stoodStill)
        {
            _told = stoodStill;
            tell(!stoodStill ? null : Why());
        }
    }

    private string Why() => freeBytes() is var free && free < FullBytes
        ? $"The disk of the node is full ({free >> 10} KiB free): the machine stands still, and goes on by itself when there is space. Make space on the node, or end the mount. What the machine was told to be written is kept."
        : "The machine stands still again and again: its disks cannot be read or written. Look whether the repository is there, and at the log of the node.";
}
