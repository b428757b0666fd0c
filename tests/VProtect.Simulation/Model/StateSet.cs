using System.Numerics;
using System.Runtime.InteropServices;

namespace VProtect.Simulation.Model;

/// <summary>
/// The states seen so far, each as 128 bits of hash: among a hundred million states two share a hash with a chance below 10^-22.
/// </summary>
internal sealed class StateSet
{
    private UInt128[] _slots = new UInt128[1 << 16];

    public int Count { get; private set; }

    /// <summary>False when it was there.</summary>
    public bool Add(ReadOnlySpan<byte> state)
    {
        if (Count * 4L >= _slots.Length * 3L)
        {
            Grow();
        }

        if (!Insert(_slots, HashOf(state)))
        {
            return false;
        }

        Count++;
        return true;
    }

    private static bool Insert(UInt128[] slots, UInt128 hash)
    {
        int mask = slots.Length - 1;
        for (int i = (int)(ulong)hash & mask; ; i = (i + 1) & mask)
        {
            if (slots[i] == hash)
            {
                return false;
            }

            if (slots[i] == default)
            {
                slots[i] = hash;
                return true;
            }
        }
    }

    private void Grow()
    {
        var larger = new UInt128[_slots.Length * 2];
        foreach (UInt128 hash in _slots)
        {
            if (hash != default)
            {
                Insert(larger, hash);
            }
        }

        _slots = larger;
    }

    /// <summary>Two independent multiply-and-fold hashes side by side; zero is kept for "free".</summary>
    private static UInt128 HashOf(ReadOnlySpan<byte> state)
    {
        ulong a = 0x9E3779B97F4A7C15;
        ulong b = 0xC2B2AE3D27D4EB4F;
        ulong place = 0;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(state))
        {
            place++;
            if (word == 0)
            {
                continue;
            }

            a = Fold(a ^ word ^ (place << 56), 0xD6E8FEB86659FD93) + place;
            b = Fold(b ^ BitOperations.RotateLeft(word, 29), 0xA0761D6478BD642F ^ (place * 0x8EBC6AF09C88C6E3));
        }

        a = Fold(a, 0xE7037ED1A0B428DB);
        b = Fold(b, 0x589965CC75374CC3);
        return new UInt128(a, b | 1);
    }

    private static ulong Fold(ulong x, ulong y)
    {
        ulong high = Math.BigMul(x, y, out ulong low);
        return high ^ low;
    }
}
