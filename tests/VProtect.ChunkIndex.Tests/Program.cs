using System.Globalization;

namespace VProtect.ChunkIndex.Tests;

/// <summary>What this assembly does when a test starts it as a process of its own, to be killed.</summary>
internal static class Program
{
    private static async Task Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["churn", string directory, string seed]:
                await KilledIndexTests.ChurnForeverAsync(directory, int.Parse(seed, CultureInfo.InvariantCulture));
                break;
            default:
                throw new ArgumentException("Run the tests with 'dotnet test'.");
        }
    }
}
