using VProtect.Appliance.Cli;

return await CommandLine.RunAsync(args, Terminal.OfProcess());
