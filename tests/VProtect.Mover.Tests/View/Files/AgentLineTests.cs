using System.Buffers.Binary;
using VProtect.Abstractions;
using VProtect.Mover.View.Files;

namespace VProtect.Mover.Tests.View.Files;

/// <summary>An agent that a guest has taken over, at the other end of the line.</summary>
public sealed class AgentLineTests
{
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_answer_comes_in_pieces_and_a_refusal_is_cut_to_a_length()
    {
        Assert.Equal((null, "ab"), await AnswerAsync([.. Frame('D', "a"u8), .. Frame('D', "b"u8), .. Frame('E', [])]));
        (string? refusal, _) = await AnswerAsync(Frame('E', new byte[1 << 20]));
        Assert.InRange(refusal!.Length, 500, 2000);
    }

    [Fact]
    public async Task What_is_no_answer_is_none()
    {
        await BreaksAsync([], "has ended");
        await BreaksAsync(Frame('D', "a"u8), "has ended");
        await BreaksAsync(Frame('D', "abc"u8)[..6], "has ended");
        await BreaksAsync(Frame('X', "abc"u8), "no answer");
        await BreaksAsync([(byte)'D', 0x00, 0x10, 0x00, 0x01], "longer answer than any may be");
        await BreaksAsync([(byte)'D', 0xFF, 0xFF, 0xFF, 0xFF], "longer answer than any may be");
    }

    [Fact]
    public async Task An_answer_that_does_not_end_is_none()
    {
        byte[] frame = Frame('D', new byte[1 << 20]);
        long taken = 0;
        var line = new AgentLine(Stream.Null, new Endless(frame), TimeProvider.System);
        AgentException broken = await Assert.ThrowsAsync<AgentException>(() => line.AskAsync([], piece =>
        {
            taken += piece.Length;
            return ValueTask.CompletedTask;
        }, SilenceMax, default));
        Assert.Contains("does not end", broken.Message, StringComparison.Ordinal);
        Assert.InRange(taken, 1 << 20, 130 << 20);
        await Assert.ThrowsAsync<AgentException>(() => new AgentLine(Stream.Null, new Endless(Frame('D', [])), TimeProvider.System).AskAsync([], _ => default, SilenceMax, default));
    }

    [Fact]
    public void Random_pieces_are_fields_and_entries_or_are_refused()
    {
        var random = new Random(3);
        for (int i = 0; i < 100_000; i++)
        {
            byte[] piece = new byte[random.Next(64)];
            random.NextBytes(piece);

            // Lengths that may be right.
            for (int at = 0; at + 4 <= piece.Length; at += random.Next(1, 16))
            {
                BinaryPrimitives.WriteInt32BigEndian(piece.AsSpan(at), random.Next(8));
            }

            try
            {
                AgentLine.FieldsOf(piece);
            }
            catch (AgentException)
            {
                // As it should.
            }

            try
            {
                AgentLine.AddFiles(piece, new List<GuestFile>());
            }
            catch (AgentException)
            {
                // As it should.
            }
        }
    }

    private static byte[] Frame(char kind, ReadOnlySpan<byte> payload)
    {
        byte[] frame = [(byte)kind, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        return frame;
    }

    private static async Task<(string? Refusal, string Text)> AnswerAsync(byte[] answer)
    {
        var text = new System.Text.StringBuilder();
        string? refusal = await new AgentLine(Stream.Null, new MemoryStream(answer), TimeProvider.System).AskAsync(["list"u8.ToArray()], piece =>
        {
            text.Append(System.Text.Encoding.ASCII.GetString(piece));
            return ValueTask.CompletedTask;
        }, SilenceMax, default);
        return (refusal, text.ToString());
    }

    private static async Task BreaksAsync(byte[] answer, string reason) =>
        Assert.Contains(reason, (await Assert.ThrowsAsync<AgentException>(() => AnswerAsync(answer))).Message, StringComparison.Ordinal);

    /// <summary>The same bytes again and again.</summary>
    private sealed class Endless(byte[] bytes) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int done = Math.Min(count, bytes.Length - _at);
            bytes.AsSpan(_at, done).CopyTo(buffer.AsSpan(offset));
            _at = (_at + done) % bytes.Length;
            return done;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
