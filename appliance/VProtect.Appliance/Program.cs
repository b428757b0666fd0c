using VProtect.Appliance.Cli;
using VProtect.Connectors.Kvm;

// Where everything concrete meets: the platforms that this program knows.
return await CommandLine.RunAsync(args, Terminal.OfProcess(), [new KvmConnectorFactory()]);
