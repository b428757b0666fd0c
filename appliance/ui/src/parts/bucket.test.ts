import { expect, it } from 'vitest';
import { bucketOf, bucketPath, isEndpoint, noBucket } from './bucket';

it('what is empty is not in the path', () => {
  expect(bucketPath({ ...noBucket, bucket: 'backups' })).toBe('s3://backups');
  expect(bucketPath({ ...noBucket, bucket: ' backups ', prefix: '/main/2026/', endpoint: 'https://ceph1:7480' })).toBe('s3://backups/main/2026?endpoint=https://ceph1:7480');
});

it('a path comes back as the fields it was made of', () => {
  const all = { bucket: 'backups', prefix: 'main', endpoint: 'https://[2001:db8::1]:9000', region: 'eu-west-1', ca: '/etc/ssl/ca & more=1.pem', style: 'virtual', profile: 'off site+' };
  expect(bucketOf(bucketPath(all))).toEqual(all);
  expect(bucketOf('S3://backups/a/b/?region=r&endpoint=http%3A%2F%2Fh%3A1')).toEqual({ ...noBucket, bucket: 'backups', prefix: 'a/b', region: 'r', endpoint: 'http://h:1' });
  expect(bucketOf('s3://backups?ca=/50%')).toEqual({ ...noBucket, bucket: 'backups', ca: '/50%' });
});

it('a directory is no bucket', () => {
  expect(bucketOf('/backup/main')).toBeUndefined();
  expect(bucketOf('file:///backup/main')).toBeUndefined();
});

it('an endpoint is an address without path, user or query', () => {
  expect(['', 'https://s3.example.org', 'http://10.0.0.1:9000/'].every(isEndpoint)).toBe(true);
  expect(['s3.example.org', 'https://user@host', 'https://host/bucket', 'ftp://host', 'https://host?x'].some(isEndpoint)).toBe(false);
});
