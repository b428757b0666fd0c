using System.CommandLine;
using System.Globalization;
using VProtect.Mover.Upkeep;

namespace VProtect.Appliance.Cli;

/// <summary>What <c>vprotect repo verify</c> may be told: which packs, how deep, how fast.</summary>
internal sealed class VerifyArguments
{
    private readonly Option<string?> _point = new("--point") { Description = "Read only what this restore point needs.", HelpName = "ID" };

    private readonly Option<string?> _machine = new("--machine", "-m") { Description = "Read only what this machine's restore points need.", HelpName = "NAME" };

    private readonly Option<double?> _sample = new("--sample")
    {
        Description = "Read this part of the stored bytes, those not read for the longest time first: repeated samples cover everything.",
        HelpName = "PERCENT",
    };

    private readonly Option<int?> _seed = new("--seed") { Description = "Chooses among packs of equal age; otherwise chance does.", HelpName = "NUMBER" };

    private readonly Option<bool> _sinceLast = new("--since-last") { Description = "Read only packs that no verification from this machine has read yet." };

    private readonly Option<int?> _olderThan = new("--older-than") { Description = "Read only packs that were last verified more than this many days ago, or never.", HelpName = "DAYS" };

    private readonly Option<bool> _fast = new("--fast") { Description = "Check stored bytes against their hashes and tables of contents against their MACs, but decrypt and decompress nothing." };

    private readonly Option<double?> _rate = new("--rate") { Description = "Read no more than this in a second.", HelpName = "MIB" };

    private readonly Option<bool> _resume = new("--resume") { Description = "Go on with the verification that was interrupted, told the same options." };

    /// <summary>Gives the options to a verb.</summary>
    public void AddTo(Verb verb)
    {
        foreach (Option option in new Option[] { _point, _machine, _sample, _seed, _sinceLast, _olderThan, _fast, _rate, _resume })
        {
            verb.Add(option);
        }
    }

    /// <summary>What was typed, checked.</summary>
    /// <exception cref="VProtect.Abstractions.VProtectException">A value cannot be, or options contradict each other.</exception>
    public VerifyOptions Read(ParseResult parsed, TimeProvider time)
    {
        double sample = parsed.GetValue(_sample) ?? 100;
        int? days = parsed.GetValue(_olderThan);
        double rate = parsed.GetValue(_rate) ?? 0;
        if (sample is not (> 0 and <= 100))
        {
            throw Invocation.BadArgument($"{sample.ToString(CultureInfo.InvariantCulture)} is not a percentage.", "Correct --sample: above 0, to 100.");
        }

        if (days is < 0 or > 36_500)
        {
            throw Invocation.BadArgument($"{days} is not a number of days.", "Correct --older-than: 0 to 36500.");
        }

        if (rate is not (>= 0 and <= 1e6) || (parsed.GetValue(_rate) is not null && rate <= 0))
        {
            throw Invocation.BadArgument("That is not a rate.", "Correct --rate: MiB in a second, above 0.");
        }

        var selection = new VerifySelection
        {
            Point = parsed.GetValue(_point),
            Machine = parsed.GetValue(_machine),
            SamplePercent = sample,
            Seed = parsed.GetValue(_seed) ?? Random.Shared.Next(),
            OnlyNew = parsed.GetValue(_sinceLast),
            NotSince = days is null ? null : time.GetUtcNow().AddDays(-days.Value),
        };
        bool isOfPacks = sample < 100 || days is not null || selection.OnlyNew || parsed.GetValue(_resume);
        if (selection.IsOfPoints && isOfPacks)
        {
            throw Invocation.BadArgument(
                "--point and --machine choose restore points; --sample, --since-last, --older-than and --resume choose packs.", "Leave out one or the other.");
        }

        return new VerifyOptions
        {
            Selection = selection,
            Level = parsed.GetValue(_fast) ? VerifyLevel.Stored : VerifyLevel.Full,
            BytesPerSecondMax = (long)(rate * (1 << 20)),
            Resume = parsed.GetValue(_resume),
            Time = time,
        };
    }
}
