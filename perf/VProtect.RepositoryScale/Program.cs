// Upkeep of large repositories, measured on synthetic ones: metadata is real, chunk data are holes.
//   VProtect.RepositoryScale ledger COUNTS DIRECTORY          the reference ledger alone
//   VProtect.RepositoryScale make GIB DIRECTORY [encrypted]   a repository of that much backed-up data: 200 machines with 5 points
//   VProtect.RepositoryScale index|count|forget|gc DIRECTORY  each in a process of its own, so that its peak of memory is its own
//   VProtect.RepositoryScale mount GIB MILLISECONDS DIRECTORY  random reads of a mounted disk, of a store each read of which takes so long
// DIRECTORY/repository is the repository, DIRECTORY/index the index and the ledger.
using System.Globalization;
using VProtect.RepositoryScale;

return args switch
{
    ["ledger", string counts, string directory] => await LedgerScale.RunAsync(ParseLong(counts), directory),
    ["make", string gib, string directory, .. var rest] =>
        await SyntheticRepository.MakeAsync(ParseLong(gib) << 30, directory, rest is ["encrypted"]),
    ["index", string directory] => await UpkeepScale.IndexAsync(directory),
    ["count", string directory] => await UpkeepScale.CollectAsync("counts from nothing", directory),
    ["forget", string directory] => await UpkeepScale.ForgetAsync(directory),
    ["gc", string directory] => await UpkeepScale.CollectAsync("collection", directory),
    ["mount", string gib, string milliseconds, string directory] =>
        await FarMount.RunAsync(ParseLong(gib) << 30, TimeSpan.FromMilliseconds(ParseLong(milliseconds)), directory),
    _ => Usage(),
};

static long ParseLong(string text) => long.Parse(text, CultureInfo.InvariantCulture);

static int Usage()
{
    Console.Error.WriteLine("VProtect.RepositoryScale ledger COUNTS DIRECTORY | make GIB DIRECTORY [encrypted] | index|count|forget|gc DIRECTORY | mount GIB MILLISECONDS DIRECTORY");
    return 2;
}
