using VProtect.Mover.Reduce.Zstd;

namespace VProtect.Mover.Tests.Reduce.Zstd;

public sealed class ZstdStreamTests
{
    [Fact]
    public async Task Frame_is_one_for_other_programs_and_has_an_end_only_when_it_is_finished()
    {
        using var directory = new TemporaryDirectory();
        byte[] content = new byte[3_000_001];
        new Random(5).NextBytes(content.AsSpan(1_000_000, 1_000_000));
        foreach (bool isFinished in (bool[])[true, false])
        {
            await using (FileStream file = File.Create(directory["frame.zst"]))
            {
                await using var zstd = new ZstdStream(file, level: 3);
                foreach (int length in (int[])[1, 0, 999_999, 2_000_001])
                {
                    await zstd.WriteAsync(content.AsMemory(length == 2_000_001 ? 1_000_000 : length == 1 ? 0 : 1, length));
                }

                if (isFinished)
                {
                    await zstd.FinishAsync(CancellationToken.None);
                }
            }

            Assert.Equal(isFinished ? 0 : 1, Tool.TryRun("zstd", "-q", "-d", "-f", directory["frame.zst"], "-o", directory["back"]).ExitCode);
            if (isFinished)
            {
                byte[] back = await File.ReadAllBytesAsync(directory["back"]);
                Assert.True(back.AsSpan().SequenceEqual(content));
            }

            File.Delete(directory["back"]);
        }
    }
}
