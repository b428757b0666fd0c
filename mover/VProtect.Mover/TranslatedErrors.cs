using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover;

/// <summary>Enumerations whose failures become errors of the side they happen on: an iterator cannot catch around a yield.</summary>
internal static class TranslatedErrors
{
    internal static async IAsyncEnumerable<T> TranslateErrors<T, TError>(
        this IAsyncEnumerable<T> items,
        Func<TError, VProtectException> translate,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TError : Exception
    {
        await using IAsyncEnumerator<T> enumerator = items.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await enumerator.MoveNextAsync())
                {
                    break;
                }
            }
            catch (TError exception)
            {
                throw translate(exception);
            }

            yield return enumerator.Current;
        }
    }
}
