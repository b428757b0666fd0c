using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Tests;
using VProtect.Server.Access;
using VProtect.Server.Hosting;
using VProtect.Server.Tasks;
using VProtect.Testing;

namespace VProtect.Server.Tests.Access;

/// <summary>Goal: servers of one catalog never change its key at the same time, which would seal secrets with a key that the other has not got. Method: two of them on one PostgreSQL, the first stopped inside each step.</summary>
public sealed class KeyRotationOfTwoServersTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Second_server_is_refused_while_the_first_rotates_and_changes_nothing()
    {
        string database = PostgreSqlServer.CreateDatabase(migrated: true);
        await using Server first = await Server.OpenAsync(_directory["first"], database);
        await using Server second = await Server.OpenAsync(_directory["second"], database, first.Data.SecretKey);
        byte[] key = await File.ReadAllBytesAsync(first.Data.SecretKey);
        var credential = new Credential { Name = "lab", Kind = CredentialKind.Password, Login = "root", Sealed = [], CreatedAt = DateTimeOffset.UnixEpoch, ChangedAt = DateTimeOffset.UnixEpoch };
        credential = credential with { Sealed = first.Box.Seal("opens the lab"u8, References.PurposeOfCredential(credential.Guid)) };
        await using (CatalogTransaction transaction = await first.Catalog.BeginAsync(default))
        {
            await transaction.Credentials.InsertAsync(credential, default);
            await transaction.CommitAsync(default);
        }

        // A step is told of in the middle of it, so what the second does there happens in between.
        List<ErrorCode> refused = [];
        first.Rotation.Reached = step =>
        {
            if (step != KeyRotationStep.Done)
            {
                VProtectException busy = Assert.Throws<VProtectException>(() => Task.Run(() => second.RotateAsync()).GetAwaiter().GetResult());
                refused.Add(busy.Code);
            }
        };
        Assert.Equal(1, await first.RotateAsync());
        Assert.Equal(Enumerable.Repeat(ErrorCode.CatalogBusy, 5), refused);
        Assert.Equal(key, await File.ReadAllBytesAsync(second.Data.SecretKey));
        Assert.False(File.Exists(second.Data.NextSecretKey));
        Assert.Equal("opens the lab", await OpenedAsync(first, credential.Guid));

        // The lock is free again; a server with the key before changes nothing by it, and one with the new key goes on.
        first.Rotation.Reached = _ => { };
        Assert.Equal(ErrorCode.SecretUnreadable, (await Assert.ThrowsAsync<VProtectException>(() => second.RotateAsync())).Code);
        Assert.False(File.Exists(second.Data.NextSecretKey));
        await using Server third = await Server.OpenAsync(_directory["third"], database, first.Data.SecretKey);
        Assert.Equal(1, await third.RotateAsync());
        Assert.Equal("opens the lab", await OpenedAsync(third, credential.Guid));

        // Who fails in the middle lets go of it as well.
        third.Rotation.Reached = step => throw new InvalidOperationException($"{step}");
        await Assert.ThrowsAsync<InvalidOperationException>(() => third.RotateAsync());
        third.Rotation.Reached = _ => { };
        Assert.Equal(1, await third.RotateAsync());
    }

    private static async Task<string> OpenedAsync(Server server, Guid credential)
    {
        await using CatalogSession session = await server.Catalog.ReadAsync(default);
        return Encoding.UTF8.GetString(server.Box.Unseal((await session.Credentials.GetAsync(credential, default)).Sealed, References.PurposeOfCredential(credential)));
    }

    /// <summary>What of a server rotates.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly AuditHead _head;

        private Server(CatalogDatabase catalog, DataDirectory data)
        {
            (Catalog, Data, Box) = (catalog, data, SecretBox.Open(data.SecretKey));
            _head = new AuditHead(catalog, data, Box, TimeProvider.System, NullLogger<AuditHead>.Instance);
            Rotation = new KeyRotation(catalog, data, Box, _head, TimeProvider.System, NullLogger<KeyRotation>.Instance);
        }

        public CatalogDatabase Catalog { get; }

        public DataDirectory Data { get; }

        public SecretBox Box { get; }

        public KeyRotation Rotation { get; }

        public static async Task<Server> OpenAsync(string path, string database, string? key = null)
        {
            var data = DataDirectory.Open(path);
            if (key is not null)
            {
                File.Copy(key, data.SecretKey);
            }

            return new Server(await CatalogDatabase.OpenAsync(new CatalogOptions { Provider = CatalogProvider.PostgreSql, ConnectionString = database }, default), data);
        }

        public Task<int> RotateAsync() => Rotation.RotateAsync((_, _) => Task.CompletedTask, default);

        public async ValueTask DisposeAsync()
        {
            Rotation.Dispose();
            _head.Dispose();
            await Catalog.DisposeAsync();
        }
    }
}
