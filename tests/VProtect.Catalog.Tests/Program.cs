return args is ["write-until-killed", string path] ? await VProtect.Catalog.Tests.KillTests.WriteUntilKilledAsync(path) : 2;
