// dotnet run -c Release --project perf/VProtect.Benchmarks -- --filter '*Blake3*'
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using VProtect.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(Corpus).Assembly).Run(args, MoverConfig.Create(DefaultConfig.Instance));
