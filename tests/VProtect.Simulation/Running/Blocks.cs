namespace VProtect.Simulation.Running;

/// <summary>The contents that chunks may have: few, so that disks share them, lose them and find them again. Block 0 is zeros.</summary>
internal static class Blocks
{
    public const int Count = 48;

    public const int LengthBytes = 16 << 10;

    private static readonly byte[][] All = [.. Enumerable.Range(0, Count).Select(Make)];

    public static byte[] Of(int block) => All[block];

    public static byte[] ContentOf(int[] blocks)
    {
        byte[] content = new byte[blocks.Length * LengthBytes];
        for (int i = 0; i < blocks.Length; i++)
        {
            All[blocks[i]].CopyTo(content, i * LengthBytes);
        }

        return content;
    }

    private static byte[] Make(int block)
    {
        byte[] content = new byte[LengthBytes];
        if (block > 0)
        {
            new Random(block).NextBytes(content.AsSpan(0, 256));
            for (int at = 256; at < LengthBytes; at += 256)
            {
                content.AsSpan(0, 256).CopyTo(content.AsSpan(at));
            }
        }

        return content;
    }
}
