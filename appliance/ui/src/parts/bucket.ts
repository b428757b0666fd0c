// Where a repository lies in object storage: as fields, and as the path that the API takes.
const options = ['endpoint', 'region', 'ca', 'style', 'profile'] as const;

export type Bucket = { bucket: string; prefix: string } & Record<(typeof options)[number], string>;
export const noBucket: Bucket = { bucket: '', prefix: '', endpoint: '', region: '', ca: '', style: '', profile: '' };

/** "s3://bucket/prefix?endpoint=…"; what is empty is left out. */
export function bucketPath(of: Bucket): string {
  const prefix = of.prefix.trim().replace(/^\/+|\/+$/g, '');
  const query = options.map((name) => [name, of[name].trim()]).filter(([, value]) => value !== '').map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%2F/g, '/').replace(/%3A/g, ':')}`);
  return `s3://${of.bucket.trim()}${prefix && `/${prefix}`}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** The fields of a path; undefined when it is none of object storage. */
export function bucketOf(path: string): Bucket | undefined {
  const [, bucket, prefix = '', query = ''] = /^s3:\/\/([^/?]*)\/?([^?]*)(?:\?(.*))?$/i.exec(path) ?? [];
  if (bucket === undefined) return undefined;
  const given = new Map(query.split('&').map((pair) => [pair.split('=', 1)[0], decoded(pair.slice(pair.indexOf('=') + 1))]));
  return { bucket, prefix: prefix.replace(/\/+$/, ''), ...(Object.fromEntries(options.map((name) => [name, given.get(name) ?? ''])) as Record<(typeof options)[number], string>) };
}

/** Whether it is empty, or the address of a service. */
export const isEndpoint = (text: string) => text.trim() === '' || /^https?:\/\/[^/?#@\s]+\/?$/i.test(text.trim());

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
