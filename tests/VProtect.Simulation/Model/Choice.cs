namespace VProtect.Simulation.Model;

/// <summary>What is left to chance within one step. A step is taken once for every combination of answers.</summary>
internal sealed class Choice
{
    private readonly List<int> _answers = [];
    private readonly List<int> _counts = [];
    private int _asked;

    /// <summary>Begins with the first combination.</summary>
    public void Reset()
    {
        _answers.Clear();
        _counts.Clear();
        _asked = 0;
    }

    /// <summary>One of <paramref name="count"/> answers, from 0.</summary>
    public int Of(int count)
    {
        if (_asked == _answers.Count)
        {
            _answers.Add(0);
            _counts.Add(count);
        }

        return _answers[_asked++];
    }

    /// <summary>Yes and no, in turn.</summary>
    public bool Maybe() => Of(2) == 1;

    /// <summary>Goes on to the next combination; false when there is none.</summary>
    public bool Advance()
    {
        _asked = 0;
        while (_answers.Count > 0)
        {
            if (++_answers[^1] < _counts[^1])
            {
                return true;
            }

            _answers.RemoveAt(_answers.Count - 1);
            _counts.RemoveAt(_counts.Count - 1);
        }

        return false;
    }
}
