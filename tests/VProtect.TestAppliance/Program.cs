using VProtect.Appliance.Cli;
using VProtect.Testing.FakePlatform;

// The appliance as it is, with one platform more: so that tests can run it as a process and kill it.
return await CommandLine.RunAsync(args, Terminal.OfProcess(), [new FakePlatform()]);
