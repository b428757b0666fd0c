using VProtect.Appliance.Cli;

// Where everything concrete meets: the platforms that this program knows.
return await CommandLine.RunAsync(args, Terminal.OfProcess(), []);
