namespace VProtect.Nbd.Client;

/// <summary>A queue threaded through the requests themselves, so that waiting costs no memory.</summary>
internal struct RequestQueue
{
    private NbdRequest? _head;
    private NbdRequest? _tail;

    public readonly NbdRequest? Peek() => _head;

    public void Enqueue(NbdRequest request)
    {
        request.Next = null;
        if (_tail is null)
        {
            _head = request;
        }
        else
        {
            _tail.Next = request;
        }

        _tail = request;
    }

    public NbdRequest? Dequeue()
    {
        NbdRequest? first = _head;
        if (first is not null)
        {
            _head = first.Next;
            _tail = _head is null ? null : _tail;
            first.Next = null;
        }

        return first;
    }

    public bool Remove(NbdRequest request)
    {
        NbdRequest? before = null;
        for (NbdRequest? at = _head; at is not null; before = at, at = at.Next)
        {
            if (ReferenceEquals(at, request))
            {
                if (before is null)
                {
                    _head = at.Next;
                }
                else
                {
                    before.Next = at.Next;
                }

                _tail = ReferenceEquals(_tail, at) ? before : _tail;
                at.Next = null;
                return true;
            }
        }

        return false;
    }
}
