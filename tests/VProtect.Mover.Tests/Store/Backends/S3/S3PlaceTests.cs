using VProtect.Abstractions;
using VProtect.Mover.Store.Backends;
using VProtect.Mover.Store.Backends.S3;

namespace VProtect.Mover.Tests.Store.Backends.S3;

public sealed class S3PlaceTests
{
    [Fact]
    public void Whole_location_is_read()
    {
        S3Place place = S3Place.Parse("s3://bucket/a/b/?endpoint=https%3A%2F%2Fs3.example.org:9000&region=eu-1&style=virtual&ca=/etc/ca.pem&profile=lab");
        Assert.Equal(("bucket", "a/b/", "eu-1", false, "/etc/ca.pem"), (place.Bucket, place.Prefix, place.Region, place.IsPathStyle, place.CertificateFile));
        Assert.Equal(new Uri("https://s3.example.org:9000"), place.Endpoint);
        Assert.Equal(("s3://bucket/a/b", "lab"), (place.Name, place.Profile));
    }

    [Fact]
    public void Endpoint_of_ones_own_has_the_bucket_in_the_path_and_amazons_in_the_name()
    {
        Assert.True(S3Place.Parse("s3://bucket?endpoint=http://10.0.0.1").IsPathStyle);
        Assert.False(S3Place.Parse("s3://bucket/p?region=eu-central-1").IsPathStyle);
    }

    [Theory]
    [InlineData("s3://", "bucket")]
    [InlineData("s3://a b/c", "bucket")]
    [InlineData("s3://bucket/a/../b", "prefix")]
    [InlineData("s3://bucket/a//b", "prefix")]
    [InlineData("s3://bucket?endpoint=ftp://host", "endpoint")]
    [InlineData("s3://bucket?endpoint=https://user:word@host", "endpoint")]
    [InlineData("s3://bucket?endpoint=https://host/path", "endpoint")]
    [InlineData("s3://bucket?style=odd", "style")]
    [InlineData("s3://bucket?ca=relative.pem", "ca")]
    [InlineData("s3://bucket?secret=4711", "secret")]
    public void What_is_wrong_is_named_and_no_value_is_repeated(string location, string named)
    {
        VProtectException refused = Assert.Throws<VProtectException>(() => RepositoryStores.Open(location, create: false));
        Assert.Equal(ErrorCode.InvalidArgument, refused.Code);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("word", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_show_no_secret() =>
        Assert.Equal("AK", new S3Credentials("AK", "secret", "token").ToString());
}
