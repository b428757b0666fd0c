using VProtect.Mover;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary>What is told of a backup, while it runs and at its end.</summary>
internal static class BackupSummary
{
    public static ProgressSample SampleOf(BackupCounters counters)
    {
        string details = counters.NewBytes == 0 && counters.KnownBytes == 0
            ? ""
            : $"new {SizeText.Of(counters.NewBytes)}  stored {SizeText.Of(counters.StoredBytes)} ({SizeText.Ratio(counters.NewBytes, counters.StoredBytes)})  known {SizeText.Of(counters.KnownBytes)}";
        return new ProgressSample(counters.Step, counters.DoneBytes, counters.TotalBytes, counters.ReadBytes, details);
    }

    public static void Write(Invocation invocation, RestorePoint point, BackupCounters counters, TimeSpan duration)
    {
        long sizeBytes = point.MachineDisks.Sum(disk => disk.SizeBytes);
        long readBytes = point.MachineDisks.Sum(disk => disk.ReadBytes);
        long changedBytes = point.MachineDisks.Sum(disk => disk.ChangedBytes);
        long newBytes = point.MachineDisks.Sum(disk => disk.NewBytes);
        long storedBytes = point.MachineDisks.Sum(disk => disk.StoredBytes);
        string mode = ModeText.Of(point.MachineDisks);
        string? reason = point.MachineDisks.FirstOrDefault(disk => disk.Reason is not null)?.Reason;
        if (invocation.IsJson)
        {
            JsonOutput.Write(
                invocation.Terminal,
                new BackupDocument(
                    point.Id, point.Machine, point.Sequence, point.Parent, point.Label, mode, reason, (long)duration.TotalMilliseconds,
                    sizeBytes, readBytes, changedBytes, newBytes, storedBytes, [.. point.MachineDisks.Select(DiskDocument.Of)],
                    Enum.GetValues<Stage>().ToDictionary(StageText.Name, stage => (long)counters.Clock[stage].TotalMilliseconds)));
            return;
        }

        TextWriter writer = invocation.Terminal.Out;
        writer.WriteLine($"Made restore point {point.Id}");
        Listing.Write(
            writer,
            [
                ("  of", $"{point.Machine}, number {point.Sequence}"),
                ("  mode", reason is null ? mode : $"{mode}: {reason}"),
                ("  size", SizeText.Of(sizeBytes)),
                ("  read", SizeText.Of(readBytes)),
                ("  changed", SizeText.Of(changedBytes)),
                ("  new", newBytes == 0 ? SizeText.Of(0L) : $"{SizeText.Of(newBytes)}, stored in {SizeText.Of(storedBytes)} ({SizeText.Ratio(newBytes, storedBytes)})"),
                ("  took", $"{SizeText.Of(duration)} ({SizeText.Rate(readBytes, duration)})"),
            ]);
        if (invocation.IsVerbose)
        {
            StageText.Write(writer, counters.Clock, duration);
        }
    }
}
