// An S3 gateway for bucket.sh, with room for 6 GiB: tells its address, and ends when its input does.
#:project ../tests/VProtect.Testing/VProtect.Testing.csproj
using VProtect.Testing;

using var gateway = new S3Gateway(6L << 30);
await gateway.StartAsync();
Console.WriteLine($"http://127.0.0.1:{gateway.Port}/{S3Gateway.Bucket} {S3Gateway.AccessKey} {S3Gateway.SecretKey}");
Console.In.ReadToEnd();
